/* SPDX-License-Identifier: MIT */
/* The one way by which failures leave the library. */
#include "failure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadlock.h"
#include "message.h"
#include "text.h"

enum { DEADLOCK_BYTES = 65536 }; /* two stacks, with whatever C++ calls its functions */

static struct {
    tare_failure_handler handler;
    void *context;
} current;

void tare_set_failure_handler(tare_failure_handler handler, void *context, tare_failure_handler *old_handler,
                              void **old_context)
{
    if (old_handler != NULL)
        *old_handler = current.handler;
    if (old_context != NULL)
        *old_context = current.context;
    current.handler = handler;
    current.context = context;
}

static void print_and_abort(const char *message)
{
    size_t left = strlen(message);
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, message, left);
        if (written < 0 && errno != EINTR)
            break;
        if (written > 0) {
            message += written;
            left -= (size_t)written;
        }
    }
    abort();
}

void tare__fail(const tare_failure *failure)
{
    if (current.handler != NULL)
        current.handler(failure, current.context);
    else
        print_and_abort(failure->message);
}

void tare__end_message(struct tare__text *text)
{
    if (text->length >= text->size)
        text->buffer[text->size - 2] = '\n';
}

int tare__fail_error(int error, const char *function, const char *name, const tare_here_ *here)
{
    return tare__fail_error_detailed(error, function, name, here, "");
}

static void add_error(struct tare__text *text, int error, const char *function, const char *name,
                      const tare_here_ *here, const char *details)
{
    tare__text_add(text, "tare: ");
    if (here != NULL) {
        tare__text_add(text, here->file);
        tare__text_add(text, ":");
        tare__text_add_signed(text, here->line);
        tare__text_add(text, ": ");
    }
    tare__text_add(text, function);
    tare__text_add(text, ": ");
    if (name != NULL) {
        tare__text_add(text, name);
        tare__text_add(text, ": ");
    }
    tare__text_add(text, tare_error_text(error));
    tare__text_add(text, "\n");
    tare__text_add(text, details);
    if (error == TARE_ERROR_NOT_ATTACHED)
        tare__text_add(text, "  Is libtare the first library that defines malloc? Not with: Valgrind (unless\n"
                             "  --soname-synonyms=somalloc=nouserintercepts), a sanitizer, another malloc in the\n"
                             "  program or before tare, hidden malloc symbols, or --wrap flags missing from a\n"
                             "  static link.\n");
    if (error == TARE_ERROR_DEADLOCK)
        tare__add_deadlock(text);
    tare__end_message(text);
}

int tare__fail_error_detailed(int error, const char *function, const char *name, const tare_here_ *here,
                              const char *details)
{
    char message[TARE__MESSAGE_BYTES];
    char *large = error == TARE_ERROR_DEADLOCK ? tare__message_take(DEADLOCK_BYTES) : NULL;
    struct tare__text text =
        large != NULL ? tare__text_in(large, DEADLOCK_BYTES) : tare__text_in(message, sizeof message);
    add_error(&text, error, function, name, here, details);
    tare__fail(&(tare_failure){
        .message = text.buffer,
        .file = here != NULL ? here->file : NULL,
        .function = here != NULL ? here->function : NULL,
        .line = here != NULL ? here->line : 0,
        .error = error,
    });
    if (large != NULL)
        tare__message_give(large);
    return error;
}
