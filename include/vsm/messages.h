// The messages of proto/vsm/v1 as protobuf-c's structs: Vsm__V1__Snapshot, Vsm__V1__Request, ...
#pragma once
#include "vsm/v1/event.pb-c.h"
#include "vsm/v1/metric.pb-c.h"
#include "vsm/v1/query.pb-c.h"
