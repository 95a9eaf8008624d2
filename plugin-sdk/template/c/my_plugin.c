/* my.plugin: how many files and folders are in a folder. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <virgo/plugin.h>

enum { PATH_BYTES = 1000 }; /* at most, in a parameter */

struct check {
  const virgo_host* host;
  char path[PATH_BYTES + 1];
};

static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  struct check* c = calloc(1, sizeof *c);
  (void)self;
  if (c == NULL) return VIRGO_ERR_NO_MEMORY;
  c->host = host;
  *instance = c;
  return VIRGO_OK;
}

/* The agent has checked names and types already; texts are lent, so copy them. */
static virgo_status configure(void* instance, const virgo_config* root) {
  struct check* c = instance;
  const virgo_config_api* config = c->host->config;
  const virgo_config* node = config->get(root, virgo_cstr("path"));
  const virgo_str path = config->as_text(node, virgo_cstr(""));
  if (path.len == 0 || path.len > PATH_BYTES || path.ptr[0] != '/') {
    config->reject(node, virgo_cstr("must be an absolute path of at most 1000 bytes"));
    return VIRGO_ERR_INVALID;
  }
  memcpy(c->path, path.ptr, path.len);
  c->path[path.len] = '\0';
  return VIRGO_OK;
}

static virgo_status cannot_read(const struct check* c, virgo_run run, int error) {
  char text[PATH_BYTES + 200];
  snprintf(text, sizeof text, "%s: %s", c->path, strerror(error));
  c->host->run->explain(c->host, run, virgo_cstr(text));
  return VIRGO_ERR_UNREACHABLE;
}

enum { METRIC_ENTRIES }; /* places in metrics[] */

static virgo_status report(const struct check* c, virgo_run run, uint64_t entries) {
  virgo_label labels[] = {{VIRGO_STR("my.plugin.path"), {NULL, 0}}};
  virgo_sample sample = {
      .metric = METRIC_ENTRIES, .type = VIRGO_U64, .labels = VIRGO_ARRAY(labels)};
  labels[0].value = virgo_cstr(c->path);
  sample.value.u64 = entries;
  return c->host->run->emit(c->host, run, &sample, 1, sizeof sample);
}

static virgo_status collect(void* instance, virgo_run run) {
  const struct check* c = instance;
  const virgo_run_api* api = c->host->run;
  const struct dirent* entry;
  uint64_t entries = 0;
  int error;
  DIR* folder = opendir(c->path);
  if (folder == NULL) return cannot_read(c, run, errno);
  for (;;) {
    errno = 0; /* NULL is also what an error gives */
    entry = readdir(folder);
    if (entry == NULL || api->time_left(c->host, run) == 0) break;
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) entries++;
  }
  error = entry == NULL ? errno : 0;
  closedir(folder);
  if (error != 0) return cannot_read(c, run, error);
  return entry != NULL ? VIRGO_ERR_TIMEOUT : report(c, run, entries);
}

static const virgo_metric metrics[] = {{.name = "my.plugin.entries",
                                        .unit = "{entry}",
                                        .help = "Files and folders, hidden ones too.",
                                        .kind = VIRGO_GAUGE,
                                        .type = VIRGO_U64}};
static const virgo_param params[] = {{.name = "path",
                                      .fallback = "/tmp",
                                      .help = "The folder, as an absolute path.",
                                      .type = VIRGO_PARAM_TEXT}};
static const virgo_check_type type = {
    .struct_size = sizeof type,
    .thread = VIRGO_ON_WORKER, /* a disk or a file server may let us wait */
    .name = "my.plugin",
    .summary = "How many files and folders are in a folder.",
    .params = VIRGO_ARRAY(params),
    .metrics = VIRGO_ARRAY(metrics),
    .create = create,
    .configure = configure,
    .collect = collect,
    .destroy = free};
static const virgo_check_type* const types[] = {&type};
static const virgo_module module = {
    VIRGO_MODULE_HEADER(0), 1, "com.example.my-plugin", "1.0.0", NULL, types, NULL, NULL};
VIRGO_MODULE_ENTRY(module, 0);
