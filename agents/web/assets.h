// The files of the dashboard, as they are in the binary. The table is made at build time by assets.cmake out of the
// folder VSM_DASHBOARD_DIST, whatever is in there; without a dashboard (-DVSM_DASHBOARD=OFF) it is empty, and `/` says
// where the API is.
#pragma once
#include <stddef.h>

struct vsm_asset {
  const char *path;        // as asked for: "/", "/app-3f2a.js"; index.html of the folder is "/"
  const char *type;        // media type: "text/html; charset=utf-8"
  const char *etag;        // in its double quotes
  const unsigned char *gz; // the file as gzip
  size_t gz_bytes, bytes;  // bytes: unpacked
};

// By path, ended by one without a path.
extern const struct vsm_asset vsm_assets[];
