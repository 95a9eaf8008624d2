/*
 * SPDX-License-Identifier: MIT
 *
 * example.open_files: how many files the machine has open, and how many it may.
 *
 * The shortest useful check in C: one small file of /proc, two numbers. It runs on
 * the agent's loop, because reading /proc does not wait for anything.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <virgo/plugin.h>

typedef struct open_files {
  const virgo_host* host;
  char path[256];
} open_files;

enum { METRIC_OPEN, METRIC_LIMIT };

static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  open_files* check = (open_files*)calloc(1, sizeof *check);
  (void)self;
  if (check == NULL) return VIRGO_ERR_NO_MEMORY;
  check->host = host;
  *instance = check;
  return VIRGO_OK;
}

/* The text is lent until this returns, and ends without a NUL: copy it. */
static virgo_status configure(void* instance, const virgo_config* root) {
  open_files* check = (open_files*)instance;
  const virgo_config_api* config = check->host->config;
  const virgo_config* node = config->get(root, virgo_cstr("path"));
  virgo_str path = config->as_text(node, virgo_cstr(""));
  if (path.len == 0 || path.len >= sizeof check->path) {
    config->reject(node, virgo_cstr("must have 1 to 255 bytes"));
    return VIRGO_ERR_INVALID;
  }
  memcpy(check->path, path.ptr, path.len);
  check->path[path.len] = '\0';
  return VIRGO_OK;
}

static virgo_status failed(const open_files* check, virgo_run run, const char* why) {
  char text[512];
  snprintf(text, sizeof text, "%s: %s", check->path, why);
  check->host->run->explain(check->host, run, virgo_cstr(text));
  return VIRGO_ERR_FAILED;
}

static virgo_sample number(uint32_t metric, uint64_t value) {
  virgo_sample sample;
  memset(&sample, 0, sizeof sample);
  sample.metric = metric;
  sample.type = VIRGO_U64;
  sample.value.u64 = value;
  return sample;
}

static virgo_status collect(void* instance, virgo_run run) {
  const open_files* check = (const open_files*)instance;
  unsigned long in_use, unused, limit;
  virgo_sample samples[2];
  int found;
  FILE* file = fopen(check->path, "re");
  if (file == NULL) return failed(check, run, strerror(errno));
  found = fscanf(file, "%lu %lu %lu", &in_use, &unused, &limit);
  fclose(file);
  if (found != 3) return failed(check, run, "does not hold three numbers");
  samples[0] = number(METRIC_OPEN, in_use - unused);
  samples[1] = number(METRIC_LIMIT, limit);
  return check->host->run->emit(check->host, run, samples, 2, VIRGO_U32(sizeof samples[0]));
}

static const virgo_param params[] = {
    {"path", "/proc/sys/fs/file-nr", "Where the kernel tells the numbers.", VIRGO_PARAM_TEXT, 0}};
static const virgo_metric metrics[] = {
    {"example.files.open", "{file}", "Files that are open.", VIRGO_GAUGE, VIRGO_U64},
    {"example.files.limit", "{file}", "Files that may be open.", VIRGO_GAUGE, VIRGO_U64}};

static const virgo_check_type type = {VIRGO_U32(sizeof(virgo_check_type)),
                                      VIRGO_ON_LOOP,
                                      0, /* flags */
                                      0,
                                      "example.open_files",
                                      "Files the machine has open.",
                                      VIRGO_ARRAY(params),
                                      VIRGO_ARRAY(metrics),
                                      create,
                                      configure,
                                      collect,
                                      NULL, /* cancel: collect() never takes long */
                                      free, /* destroy */
                                      NULL};
static const virgo_check_type* const types[] = {&type};
static const virgo_module module = {
    VIRGO_MODULE_HEADER(0), 1, "org.example.open_files", "1.0.0", NULL, types, NULL, NULL};
VIRGO_MODULE_ENTRY(module, 0);
