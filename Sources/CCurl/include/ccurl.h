// libcurl for Swift, which cannot call functions of variable arguments: each kind of option has a function of its own.
#pragma once

// The checks are macros for constant options, and these are none.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/// Sets an option that takes a number or a truth value.
CURLcode ccurl_set_number(CURL *handle, CURLoption option, long value);
/// Sets an option that takes a size.
CURLcode ccurl_set_size(CURL *handle, CURLoption option, curl_off_t value);
/// Sets an option that takes a text, which libcurl copies.
CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value);
/// Sets an option that takes a pointer, which must stay valid.
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value);

/// Hands over received parts of the body; what is returned but not equal to the size ends the transfer.
typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *context);
/// Moves to a place of the body that is sent: CURL_SEEKFUNC_OK or _FAIL.
typedef int (*ccurl_seek_callback)(void *context, curl_off_t offset, int origin);

/// Sets CURLOPT_WRITEFUNCTION, _HEADERFUNCTION or _READFUNCTION.
CURLcode ccurl_set_data_callback(CURL *handle, CURLoption option, ccurl_data_callback callback);
/// Sets CURLOPT_SEEKFUNCTION.
CURLcode ccurl_set_seek_callback(CURL *handle, ccurl_seek_callback callback);

/// A number that libcurl knows of a transfer, -1 if it does not.
long ccurl_number(CURL *handle, CURLINFO info);

/// Sets a number of a multi handle.
CURLMcode ccurl_multi_set_number(CURLM *multi, CURLMoption option, long value);
/// The next transfer that has ended, or null; `result` becomes how it ended.
CURL *ccurl_multi_next_ended(CURLM *multi, CURLcode *result);
