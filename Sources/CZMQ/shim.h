// What Swift and C see of the system library.
#pragma once
#include <zmq.h>
