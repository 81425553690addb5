/* SPDX-License-Identifier: MIT */
/* Why a file can't be read: what is wrong in it, and where. */
#ifndef TARE__REFUSAL_H
#define TARE__REFUSAL_H

struct tare__refusal {
    int error; /* ENOMEM, what open() said, or EBADMSG: the file is no whole record of this version */
    char reason[192];
};

/* Returns the error. */
int tare__refuse(struct tare__refusal *refusal, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int tare__refuse_memory(struct tare__refusal *refusal);

#endif
