/* SPDX-License-Identifier: GPL-2.0 */
/* One picture: a script that is written here, and drawn by gnuplot. */
#ifndef NVS_GNUPLOT_H
#define NVS_GNUPLOT_H

#include <stdio.h>
#include "recording.h"

/* Okabe and Ito's colours: told apart by colour-blind people too, and in grey. */
#define COLOR_BLACK  "#000000"
#define COLOR_ORANGE "#E69F00"
#define COLOR_SKY    "#56B4E9"
#define COLOR_GREEN  "#009E73"
#define COLOR_YELLOW "#F0E442"
#define COLOR_BLUE   "#0072B2"
#define COLOR_RED    "#D55E00"
#define COLOR_PURPLE "#CC79A7"
#define COLOR_GREY   "#666666"
#define COLOR_LINE   "#D0D0D0"

#define PICTURE_WIDTH 1200 /* pixels */

struct picture {
	FILE *script;		    /* gnuplot commands go here */
	unsigned int width, height; /* pixels */
	unsigned int nr_objects;
	char *text;
	size_t length;
	const char *dir, *name;
	const char *format; /* "svg" or "png" */
};

/*
 * Begins DIR/NAME.FORMAT, @height pixels high.  -1 with @err set: no memory.
 */
int picture_begin(struct picture *p, const char *dir, const char *name, const char *format,
		  unsigned int height, struct nvs_error *err);
/*
 * Draws it.  The file appears whole or not at all.  -1 with @err set: gnuplot is
 * missing or refused, or the file cannot be written.
 */
int picture_end(struct picture *p, struct nvs_error *err);
/* Frees what picture_begin() took, after picture_end() or instead of it. */
void picture_free(struct picture *p);

/* Text in quotes, as gnuplot takes it; what it would understand as markup is escaped. */
void picture_quote(struct picture *p, const char *text);
/* A label at @x, @y (gnuplot coordinates such as "screen 0.5"); @style: "left font ',12'". */
void picture_label(struct picture *p, const char *text, const char *x, const char *y,
		   const char *style);
/* A filled box in plot coordinates; @style: "fc rgb '#000000' fs solid noborder". */
void picture_box(struct picture *p, double x1, double y1, double x2, double y2, const char *style);
/* Title, and a line below it that says what is to be seen. */
void picture_title(struct picture *p, const char *title, const char *subtitle);
/* Pixels from the left and from the top, in gnuplot's screen units. */
double picture_x(const struct picture *p, double px);
double picture_y(const struct picture *p, double px);
/* Pixels that @text takes at @size points, at most. */
double picture_text_width(const char *text, double size);
/* A step of 1, 2 or 5 times a power of ten that cuts @span into at most @parts. */
double nice_step(double span, unsigned int parts);

#endif
