// What Swift and C see of the system library.
#pragma once
#include <utf8proc.h>
