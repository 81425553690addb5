/* SPDX-License-Identifier: MIT */
/*
 * One pass from left to right, that copies what is outside of all brackets. What it
 * must know of C++: a blank ends a returned type, unless an operator's name has
 * begun; brackets right behind an operator's name belong to that; parentheses after
 * a blank, a colon or nothing are a name, "(anonymous namespace)", not parameters.
 */
#include "function_name.h"

#include <stdbool.h>
#include <string.h>

struct pass {
    char *buffer;
    size_t length;
    const char *at;
};

static void keep(struct pass *pass, const char *text, size_t length)
{
    size_t room = TARE__FUNCTION_NAME_BYTES - 1 - pass->length;
    length = length < room ? length : room;
    memcpy(pass->buffer + pass->length, text, length);
    pass->length += length;
}

/* Behind the bracket that closes the one here; the end where none does. */
static const char *behind_brackets(const char *at)
{
    size_t depth = 0;
    for (const char *start = at; *at != '\0'; at++) {
        bool is_arrow = *at == '>' && at > start && at[-1] == '-';
        depth += strchr("(<{[", *at) != NULL;
        if (strchr(")>}]", *at) != NULL && !is_arrow && --depth == 0)
            return at + 1;
    }
    return at;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool starts_component(const struct pass *pass)
{
    return pass->length == 0 || strchr(": ", pass->buffer[pass->length - 1]) != NULL;
}

/* operator new[], operator(), operator<<, operator bool: up to its parameters or
 * template arguments. */
static void keep_operator(struct pass *pass)
{
    const char *end = pass->at + sizeof "operator" - 1;
    if (starts_with(end, "()"))
        end += 2;
    else if (strchr("<>-=", *end) != NULL)
        end += strspn(end, "<>-=");
    end += strcspn(end, "(<");
    while (end[-1] == ' ')
        end--;
    keep(pass, pass->at, (size_t)(end - pass->at));
    pass->at = end + strspn(end, " ");
}

static bool is_operator(const struct pass *pass)
{
    return starts_component(pass) && starts_with(pass->at, "operator") &&
           strchr(" ()[]<>=+-*/%^&|~!,\"", pass->at[sizeof "operator" - 1]) != NULL;
}

static size_t inline_namespace(const struct pass *pass)
{
    static const char *const names[] = {"__cxx11::", "__1::", "_V2::"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (starts_component(pass) && starts_with(pass->at, names[i]))
            return strlen(names[i]);
    return 0;
}

/* What stands in brackets here is skipped, or kept where it is a name. */
static void take_brackets(struct pass *pass)
{
    const char *end = behind_brackets(pass->at);
    if (starts_component(pass) || *pass->at == '{')
        keep(pass, pass->at, (size_t)(end - pass->at));
    pass->at = end;
}

/* Behind parameters goes on what is a function's own inside: a lambda. */
static bool goes_on(const char *at)
{
    at += starts_with(at, " const") ? sizeof " const" - 1 : 0;
    return starts_with(at, "::");
}

char *tare__function_bare_name(char buffer[TARE__FUNCTION_NAME_BYTES], const char *function)
{
    struct pass pass = {buffer, 0, function};
    while (*pass.at != '\0') {
        size_t skipped = inline_namespace(&pass);
        bool parameters = *pass.at == '(' && !starts_component(&pass);
        if (skipped > 0) {
            pass.at += skipped;
        } else if (is_operator(&pass)) {
            keep_operator(&pass);
        } else if (strchr("(<{[", *pass.at) != NULL) {
            take_brackets(&pass);
            if (parameters && !goes_on(pass.at))
                break;
            pass.at += parameters ? strcspn(pass.at, ":") : 0;
        } else if (*pass.at == ' ') {
            pass.length = 0; /* that was a type */
            pass.at++;
        } else {
            keep(&pass, pass.at++, 1);
        }
    }
    buffer[pass.length] = '\0';
    return buffer;
}
