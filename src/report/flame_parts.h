/* SPDX-License-Identifier: MIT */
/* Between the files that draw a flame graph. */
#ifndef TARE__FLAME_PARTS_H
#define TARE__FLAME_PARTS_H

#include "call_tree.h"
#include "flame.h"
#include "value_words.h"

/* In CSS pixels, as they are in the file: with a script the width is the window's. */
enum {
    TARE__FLAME_WIDTH = 1200,
    TARE__FLAME_MARGIN = 12,
    TARE__FLAME_ROW = 18,
    TARE__FLAME_PADDING = 4, /* before text and behind it */
};
#define TARE__FLAME_COLUMN 7.25 /* of a monospaced font of 12: the widest of the usual ones */

struct tare__flame {
    const struct tare__flame_request *request;
    size_t types[2]; /* the tree's: what is drawn, and what is said beside it or was after */
    struct tare__value_words words;
    struct tare__call_tree tree;
    uint32_t levels;   /* below the root */
    uint32_t *colours; /* of nodes, 0xRRGGBB; owned */
    int top;           /* where the frames begin */
};

/* ---- Colours ---- */

struct tare__flame_module {
    const char *name;
    uint32_t colour;
};

#define TARE__FLAME_LEGEND_MAX 8

/* Fills in the colours, and which modules take most room in the graph; their number in all.
 * 0 or ENOMEM. */
int tare__flame_colour(struct tare__flame *flame, struct tare__flame_module legend[TARE__FLAME_LEGEND_MAX],
                       size_t *modules);

/* Of a difference: how far from what is the same, from -1, what vanished, to 1, what appeared. */
uint32_t tare__flame_change_colour(double change);

/* ---- Labels ---- */

/* A name, or as much of it as fits. */
struct tare__flame_label {
    const char *text;
    size_t bytes;
    bool cut_before, cut_behind;
    size_t columns; /* with "…" for what was cut; 0 where nothing of use fits */
};

/* bare is the name without parameters. */
struct tare__flame_label tare__flame_fit(const char *name, const char *bare, size_t columns);

/* ---- Parts of the file ---- */

void tare__flame_heading(struct tare__flame *flame, const struct tare__flame_module *legend, size_t modules, FILE *out);

/* 0 or ENOMEM. */
int tare__flame_frames(const struct tare__flame *flame, FILE *out);

/* What stands in the file as it is: flame.css, flame.js. */
extern const char tare__flame_style[], tare__flame_script[];

#endif
