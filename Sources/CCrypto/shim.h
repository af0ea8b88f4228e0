// What Swift and C see of the system library: hashes with keys, and comparing in constant time.
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
