// Patterns as the string library's functions share them: translated into steps, then matched with backtracking.
#pragma once
#include "internal.h"

enum {
    MAX_CAPTURES = 32,
    MAX_DEPTH = 200,             // C frames of one match; each repetition and each capture takes one
    MOVES_BETWEEN_LOOKS = 1 << 14, // some microseconds
    OPEN = -1,                   // the length of a capture that has begun
    POSITION = -2                // the length of a capture that stands for a place
};

typedef enum kind {
    BYTE,     // this byte
    ANY,      // every byte
    CLASS,    // a letter of isalpha and its kin; upper case means the rest
    SET,      // the bytes of a bitmap
    FRONTIER, // between a byte outside of the bitmap and one in it
    BALANCED, // from one byte to the other, counting both
    AGAIN,    // what a capture has matched
    BEGIN,    // of a capture
    PLACE,    // a capture of the place itself
    FINISH,   // of the innermost capture that has begun
    AT_END    // of the subject
} kind;

typedef struct step {
    kind kind;
    char repeat;        // '*', '+', '-', '?' or 0
    unsigned char a, b; // a byte, a class, a pair, or the number of a capture
    unsigned bits[8];   // of a set
} step;

typedef struct matcher {
    lua_State *L;
    lb_bridge *bridge;
    const char *subject, *end;
    const step *steps, *last;
    int depth, level, moves;
    struct {
        const char *start;
        ptrdiff_t length;
    } captures[MAX_CAPTURES];
} matcher;

static inline bool includes(const step *set, int byte) { return set->bits[byte >> 5] >> (byte & 31) & 1; }

// pattern_steps.c
bool lb_in_class(int byte, int class); // whether a letter of isalpha and its kin stands for the byte
// Translates a pattern into the matcher's steps, in a block of memory that is left on the stack.
void lb_translate(matcher *m, const char *pattern, size_t length);

// pattern_match.c
// Where a match that begins at `s` ends; NULL if there is none.
const char *lb_match_at(matcher *m, const char *s);
