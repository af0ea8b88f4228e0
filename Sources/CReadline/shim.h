// What Swift and C see of the system library. Readline keeps its state in global variables, which Swift cannot read
// safely: the functions below do it, always on the thread that edits.
#pragma once
#include <stdio.h>  // readline's own header uses FILE without including it
#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>
#include <readline/history.h>

static inline void editor_configure(const char *word_breaks, rl_completion_func_t *complete) {
    rl_readline_name = "rlhf-repl";  // the user's inputrc may say: $if rlhf-repl
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_basic_word_break_characters = word_breaks;
    rl_completer_quote_characters = "\"'";
    rl_attempted_completion_function = complete;
    rl_initialize();
    using_history();
    // Arrow keys search for the typed prefix, unless the user's inputrc gives them another meaning.
    const char *keys[][2] = {{"\033[A", "\033[B"}, {"\033OA", "\033OB"}};
    for (int i = 0; i < 2; i++) {
        if (rl_function_of_keyseq(keys[i][0], NULL, NULL) == rl_get_previous_history)
            rl_bind_keyseq(keys[i][0], rl_history_search_backward);
        if (rl_function_of_keyseq(keys[i][1], NULL, NULL) == rl_get_next_history)
            rl_bind_keyseq(keys[i][1], rl_history_search_forward);
    }
}

static inline const char *editor_buffer(void) { return rl_line_buffer ? rl_line_buffer : ""; }
static inline int editor_point(void) { return rl_point; }
static inline int editor_is_searching(void) {
    return (rl_readline_state & (RL_STATE_ISEARCH | RL_STATE_NSEARCH)) != 0;
}

// Whether the word to complete is inside quotes, where file names are wanted.
static inline int editor_is_in_string(void) { return rl_completion_quote_character != 0; }

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
