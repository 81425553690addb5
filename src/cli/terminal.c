/* SPDX-License-Identifier: MIT */
/*
 * Signals are blocked but for the time in ppoll(): none can come between the look at
 * its flag and the wait. Those of a crash give the terminal back and go on as before.
 */
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char enter[] = "\033[?1049h\033[?25l\033[H\033[2J";
static const char leave[] = "\033[?25h\033[?1049l";

static volatile sig_atomic_t ending; /* the signal */
static volatile sig_atomic_t resized, stopped;
static volatile sig_atomic_t is_taken;
static bool has_keys;
static struct termios before;
static sigset_t while_waiting;

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t part = write(STDOUT_FILENO, text, length);
        if (part < 0 && errno != EINTR)
            return;
        text += part > 0 ? part : 0;
        length -= part > 0 ? (size_t)part : 0;
    }
}

static void take(void)
{
    if (has_keys) {
        struct termios raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    write_all(enter, sizeof enter - 1);
    is_taken = 1;
}

/* Safe in a signal handler. */
static void give_back(void)
{
    if (!is_taken)
        return;
    is_taken = 0;
    write_all(leave, sizeof leave - 1);
    if (has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void on_signal(int signal)
{
    if (signal == SIGWINCH)
        resized = 1;
    else if (signal == SIGTSTP)
        stopped = 1;
    else
        ending = signal;
}

static void on_crash(int number)
{
    give_back();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_signal(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void catch_signals(void)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < COUNT(endings); i++) {
        catch_signal(endings[i], on_signal);
        sigaddset(&blocked, endings[i]);
    }
    catch_signal(SIGWINCH, on_signal);
    catch_signal(SIGTSTP, on_signal);
    sigaddset(&blocked, SIGWINCH);
    sigaddset(&blocked, SIGTSTP);
    sigprocmask(SIG_BLOCK, &blocked, &while_waiting);
    for (size_t i = 0; i < COUNT(crashes); i++)
        catch_signal(crashes[i], on_crash);
}

int tare__terminal_take(void)
{
    has_keys = isatty(STDIN_FILENO);
    if (has_keys && tcgetattr(STDIN_FILENO, &before) != 0)
        return errno;
    catch_signals();
    atexit(give_back);
    take();
    return 0;
}

/* A signal that was to end us does so now, for whoever waits to see. */
void tare__terminal_give_back(void)
{
    give_back();
    sigprocmask(SIG_SETMASK, &while_waiting, NULL);
    if (ending != 0 && ending != SIGINT) {
        signal(ending, SIG_DFL);
        raise(ending);
    }
}

void tare__terminal_size(size_t *columns, size_t *lines)
{
    struct winsize size;
    *columns = 80;
    *lines = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        *columns = size.ws_col;
        *lines = size.ws_row;
    }
}

/* The shell gets its terminal while we are stopped. */
static void stop(void)
{
    sigset_t only_stop;
    stopped = 0;
    give_back();
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    sigemptyset(&only_stop);
    sigaddset(&only_stop, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &only_stop, NULL); /* stops here */
    sigprocmask(SIG_BLOCK, &only_stop, NULL);
    catch_signal(SIGTSTP, on_signal);
    take();
}

static int read_key(void)
{
    unsigned char key;
    ssize_t length = read(STDIN_FILENO, &key, 1);
    if (length == 1)
        return key;
    return length < 0 && errno == EINTR ? TARE__KEY_REDRAW : TARE__KEY_QUIT; /* hung up */
}

int tare__terminal_key(int timeout_ms)
{
    struct pollfd input = {.fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    const struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int ready = ppoll(&input, 1, &timeout, &while_waiting);
    if (ending != 0)
        return TARE__KEY_QUIT;
    if (stopped)
        stop();
    if (ready > 0)
        return read_key();
    return resized || ready < 0 ? (resized = 0, TARE__KEY_REDRAW) : TARE__KEY_NONE;
}

/* Each line is wiped behind its end, and what is below the last. */
bool tare__terminal_show(const char *text)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    if (out == NULL)
        return false;
    fputs("\033[H", out);
    for (const char *newline; *text != '\0'; text = newline + 1) {
        newline = strchr(text, '\n');
        if (newline == NULL)
            break;
        fprintf(out, "%.*s\033[K", (int)(newline - text), text);
        if (newline[1] != '\0')
            fputs("\r\n", out);
    }
    fputs("\033[J", out);
    bool made = fclose(out) == 0;
    if (made)
        write_all(bytes, length);
    free(bytes);
    return made;
}
