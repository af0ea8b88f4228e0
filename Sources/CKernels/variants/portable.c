// Any machine: multiply and add are two roundings, so its bits differ from those of the other variants.
#define MADD(a, b, c) ((a) * (b) + (c))
#define LANES 8
#define DOT_TILE NULL
#define DOT_PANELS NULL
#define VARIANT ck_portable
#define VARIANT_NAME "portable"
#include "body.h"
