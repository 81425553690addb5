/* SPDX-License-Identifier: MIT */
/*
 * The parts of the HTML report's data, which web/src/data.js reads. They share text,
 * functions and frames, each of which stands in the page once and is a number elsewhere.
 */
#ifndef TARE__HTML_PARTS_H
#define TARE__HTML_PARTS_H

#include "json.h"
#include "profile.h"
#include "report.h"

struct tare__html_names {
    const struct tare__profile *profile;
    struct tare__profile functions; /* its frames: a name and a module each */
    struct tare__profile lines;     /* its frames: a function, a module, a file and a line each */
    struct tare__strings *strings;
    json_t *list; /* of them */
    int error;    /* ENOMEM once there was none */
};

/* Free them in either case. */
int tare__html_names_init(struct tare__html_names *names, const struct tare__profile *profile);
void tare__html_names_free(struct tare__html_names *names);

/* What stands in the page for a frame of the profile. */
uint32_t tare__html_function(struct tare__html_names *names, uint32_t frame);
uint32_t tare__html_line(struct tare__html_names *names, uint32_t frame);

/* Last of all parts. */
void tare__html_set_names(struct tare__json *json, json_t *object, struct tare__html_names *names);

/* A number, or a string where a reader that has only doubles would round it. */
json_t *tare__html_exact(int64_t value);

json_t *tare__html_tree(struct tare__json *json, struct tare__html_names *names);
json_t *tare__html_sites(struct tare__json *json, struct tare__html_names *names);

/* What only a recorded run has, of its main process, and what makes its figures doubtful. */
json_t *tare__html_run(struct tare__json *json, const struct tare__profile *profile);
json_t *tare__html_warnings(struct tare__json *json, const struct tare__snapshot *snapshot);

#endif
