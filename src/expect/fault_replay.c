/* SPDX-License-Identifier: MIT */
/* FILE:LINE:ID:MODE, for the sweep there. FILE may have colons of its own. */
#include <stdlib.h>
#include <string.h>

#include "fault_sweep.h"
#include "os.h"
#include "text.h"

#define ENVIRONMENT_REPLAY "TARE_FAULT_REPLAY"
enum { HEX_DIGITS = 16 };

const char *const tare__fault_mode_names[TARE__FAULT_MODES] = {"once", "forever"};

void tare__replay_add_id(struct tare__text *text, uint64_t id)
{
    char digits[HEX_DIGITS + 1];
    for (int i = 0; i < HEX_DIGITS; i++)
        digits[i] = "0123456789abcdef"[id >> (4 * (HEX_DIGITS - 1 - i)) & 15];
    digits[HEX_DIGITS] = '\0';
    tare__text_add(text, digits);
}

void tare__replay_add(struct tare__text *text, const tare_here_ *here, uint64_t id, enum tare__fault_mode mode)
{
    tare__text_add(text, here->file);
    tare__text_add(text, ":");
    tare__text_add_signed(text, here->line);
    tare__text_add(text, ":");
    tare__replay_add_id(text, id);
    tare__text_add(text, ":");
    tare__text_add(text, tare__fault_mode_names[mode]);
}

static struct tare__replay parse(const char *value)
{
    struct tare__replay replay = {0, TARE__FAULT_ONCE};
    char *end;
    uint64_t id = strtoull(value, &end, 16);
    if (end == value || *end != ':')
        return replay;
    for (unsigned mode = 0; mode < TARE__FAULT_MODES; mode++)
        if (strcmp(end + 1, tare__fault_mode_names[mode]) == 0)
            replay = (struct tare__replay){id, (enum tare__fault_mode)mode};
    return replay;
}

bool tare__replay_wanted(const tare_here_ *here, struct tare__replay *replay)
{
    const char *value = secure_getenv(ENVIRONMENT_REPLAY);
    char place[4096];
    struct tare__text text = tare__text_in(place, sizeof place);
    tare__text_add(&text, here->file);
    tare__text_add(&text, ":");
    tare__text_add_signed(&text, here->line);
    tare__text_add(&text, ":");
    if (value == NULL || text.length >= sizeof place || strncmp(value, place, text.length) != 0)
        return false;
    *replay = parse(value + text.length);
    return true;
}

/* ---- Commands ---------------------------------------------------------------- */

static bool is_plain(const char *word)
{
    return *word != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                              "_-+=:,./@%")] == '\0';
}

/* As a word of the shell's. */
static void add_word(struct tare__text *text, const char *word)
{
    if (is_plain(word)) {
        tare__text_add(text, word);
        return;
    }
    tare__text_add(text, "'");
    for (; *word != '\0'; word++) {
        const char letter[2] = {*word, '\0'};
        tare__text_add(text, *word == '\'' ? "'\\''" : letter);
    }
    tare__text_add(text, "'");
}

static void add_command_line(struct tare__text *text)
{
    char **arguments = tare__os_arguments();
    char program[4096];
    if (arguments == NULL || arguments[0] == NULL)
        return;
    tare__os_program_path(program, sizeof program);
    bool has_path = strchr(arguments[0], '/') != NULL;
    for (int i = 0; arguments[i] != NULL; i++) {
        tare__text_add(text, " ");
        add_word(text, i == 0 && !has_path && program[0] != '\0' ? program : arguments[i]);
    }
}

static void add_replay(struct tare__text *text, const tare_here_ *here, uint64_t id, enum tare__fault_mode mode)
{
    char value[4096];
    struct tare__text word = tare__text_in(value, sizeof value);
    tare__replay_add(&word, here, id, mode);
    tare__text_add(text, "TARE_FAULT_REPLAY=");
    add_word(text, value);
}

void tare__replay_add_commands(struct tare__text *text, const tare_here_ *here, uint64_t id, enum tare__fault_mode mode)
{
    tare__text_add(text, "    replay: ");
    add_replay(text, here, id, mode);
    add_command_line(text);
    tare__text_add(text, "\n    in gdb: ");
    add_replay(text, here, id, mode);
    tare__text_add(text, " gdb -q -ex 'set breakpoint pending on' -ex 'break tare_fault_here' -ex run --args");
    add_command_line(text);
    tare__text_add(text, "\n");
}
