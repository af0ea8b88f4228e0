// What Swift and C see of the system library. Readline keeps its state in global variables, which Swift cannot read
// safely: the functions below do it, always on the thread that edits.
#pragma once
#include <stdio.h>  // readline's own header uses FILE without including it
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <readline/readline.h>
#include <readline/history.h>

// What the editor's keys do; NULL leaves a key alone.
typedef struct editor_keys {
    rl_command_func_t *enter, *newline, *tab, *up, *down, *home, *end;
} editor_keys;

// Gives keys another meaning, unless the user's inputrc has done so.
static inline void editor_bind(const char *keys, rl_command_func_t *usual, rl_command_func_t *ours) {
    if (rl_function_of_keyseq(keys, NULL, NULL) == usual) rl_bind_keyseq(keys, ours);
}

// Reads of the terminal end after a tenth of a second; see getKey.
static inline void editor_prepare_terminal(int meta) {
    struct termios mode;
    rl_prep_terminal(meta);
    if (tcgetattr(STDIN_FILENO, &mode) < 0) return;
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 1;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

static inline void editor_configure(
    const char *word_breaks, rl_completion_func_t *complete, rl_compdisp_func_t *list, editor_keys keys,
    rl_getc_func_t *get_key) {
    rl_getc_function = get_key;
    rl_prep_term_function = editor_prepare_terminal;
    rl_readline_name = "rlhf-repl";  // the user's inputrc may say: $if rlhf-repl
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_basic_word_break_characters = word_breaks;
    rl_completer_quote_characters = NULL;  // the completer knows Lua's strings
    rl_attempted_completion_function = complete;
    rl_completion_display_matches_hook = list;
    rl_sort_completion_matches = 0;
    rl_variable_bind("show-all-if-unmodified", "on");  // before rl_initialize, so that the user's inputrc has the last word
    rl_initialize();
    using_history();
    editor_bind("\t", rl_complete, keys.tab);
    editor_bind("\r", rl_newline, keys.enter);
    editor_bind("\n", rl_newline, keys.enter);
    rl_bind_keyseq("\033\r", keys.newline);
    editor_bind("\033[A", rl_get_previous_history, keys.up);
    editor_bind("\033OA", rl_get_previous_history, keys.up);
    const char *home[] = {"\001", "\033[H", "\033OH", "\033[1~"}, *end[] = {"\005", "\033[F", "\033OF", "\033[4~"};
    for (int i = 0; i < 4; i++) {
        editor_bind(home[i], rl_beg_of_line, keys.home);
        editor_bind(end[i], rl_end_of_line, keys.end);
    }
    editor_bind("\033[B", rl_get_next_history, keys.down);
    editor_bind("\033OB", rl_get_next_history, keys.down);
}

// Whether the terminal can show an entry of several lines.
static inline int editor_can_move_up(void) {
    const char *up = rl_get_termcap("up");
    return up != NULL && *up != 0;
}

static inline void editor_insert(const char *text) { rl_insert_text(text); }
static inline void editor_move_to(int point) { rl_point = point; }
static inline int editor_last_was(rl_command_func_t *function) { return rl_last_func == function; }

// Searches the history for entries that begin with the text before the cursor, or goes on with the search before.
static inline int editor_search(int is_backward, int goes_on, int key) {
    if (goes_on) rl_last_func = is_backward ? rl_history_search_backward : rl_history_search_forward;
    else rl_last_func = NULL;
    return is_backward ? rl_history_search_backward(1, key) : rl_history_search_forward(1, key);
}

static inline int editor_complete(int is_repeated, int key) {
    if (is_repeated) rl_last_func = rl_complete;
    return rl_complete(1, key);
}

static inline const char *editor_buffer(void) { return rl_line_buffer ? rl_line_buffer : ""; }
static inline int editor_point(void) { return rl_point; }
static inline int editor_is_searching(void) {
    return (rl_readline_state & (RL_STATE_ISEARCH | RL_STATE_NSEARCH)) != 0;
}

// No file names when there is no match, and nothing after the match.
static inline void editor_end_completion(void) {
    rl_attempted_completion_over = 1;
    rl_completion_append_character = '\0';
}

// Leaves the line that is being edited, as after Ctrl-C.
static inline void editor_abandon(void) {
    rl_callback_sigcleanup();
    rl_free_line_state();
    rl_point = rl_end;
    rl_redisplay();
    fputs("^C\n", rl_outstream ? rl_outstream : stdout);
    fflush(rl_outstream ? rl_outstream : stdout);
    rl_replace_line("", 0);
    rl_callback_handler_remove();
}

static inline void editor_hide(void) {
    rl_clear_visible_line();
    fflush(rl_outstream ? rl_outstream : stdout);  // what follows is written past the C library's buffer
}
static inline void editor_show(void) {
    rl_on_new_line();
    rl_forced_update_display();
}

static inline void editor_resume(void) {
    rl_prep_terminal(1);
    rl_resize_terminal();
    editor_show();
}

// Puts an entry at the end of the history and removes its earlier copies.
static inline void editor_remember(const char *entry, int limit) {
    for (int i = history_length - 1; i >= 0; i--) {
        HIST_ENTRY *old = history_get(history_base + i);
        if (old && strcmp(old->line, entry) == 0) free_history_entry(remove_history(i));
    }
    add_history(entry);
    while (history_length > limit) free_history_entry(remove_history(0));
    using_history();
}
