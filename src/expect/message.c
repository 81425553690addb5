/* SPDX-License-Identifier: MIT */
/*
 * What a thread has taken is in a list of its record. A handler's jump or exception has
 * left the message whose frame is not below the present one: a handler that still
 * runs is further out. A record that another thread had before is told by the thread's
 * number.
 */
#include "message.h"

#include <stdint.h>

#include "os.h"
#include "thread.h"

struct tare__kept_message {
    struct tare__kept_message *next;
    size_t bytes;
    uintptr_t frame; /* of the function that handed it out */
    int thread;
    char text[];
};

static bool is_left(const struct tare__kept_message *message, uintptr_t frame)
{
    return message->frame <= frame || message->thread != tare__os_thread_id();
}

static void give_what_is_left(struct tare__thread *mine, uintptr_t frame)
{
    while (mine->messages != NULL && is_left(mine->messages, frame)) {
        struct tare__kept_message *left = mine->messages;
        mine->messages = left->next;
        tare__os_unmap(left, left->bytes);
    }
}

char *tare__message_take(size_t bytes)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return NULL;
    give_what_is_left(mine, TARE__FRAME);
    size_t whole = (sizeof(struct tare__kept_message) + bytes + TARE__PAGE_BYTES - 1) & ~(size_t)(TARE__PAGE_BYTES - 1);
    struct tare__kept_message *message = tare__os_map(whole);
    if (message != NULL) {
        *message = (struct tare__kept_message){mine->messages, whole, TARE__FRAME, tare__os_thread_id()};
        mine->messages = message;
    }
    tare__thread_done(mine);
    return message != NULL ? message->text : NULL;
}

void tare__message_give(char *text)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return;
    struct tare__kept_message *message = (void *)(text - offsetof(struct tare__kept_message, text));
    for (struct tare__kept_message **link = &mine->messages; *link != NULL; link = &(*link)->next)
        if (*link == message) {
            *link = message->next;
            tare__os_unmap(message, message->bytes);
            break;
        }
    tare__thread_done(mine);
}
