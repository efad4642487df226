// Words come with items (their dates, values, reasons) and are let go of when nothing says them any more.
#pragma once
#include "core/state.h"

// Between two batches: where twice as many words are in use as at the last time, those that nothing uses go.
void vsm_words_tidy(struct vsm_core *core);
void vsm_words_tidy_now(struct vsm_core *core); // whatever their number
