import CCurl
import Foundation

/// One request on its way through libcurl. After it was handed in, the transport's thread alone touches it.
@safe final class CurlTransfer: @unchecked Sendable {
    typealias Completion = @Sendable (Result<HTTPReply, TransportError>) -> Void

    let id: Int
    private let request: HTTPRequest
    private let completion: Completion
    private var reply = HTTPReply(status: 0)
    private var sent = 0
    private var isTooLarge = false
    private(set) var handle: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(id: Int, request: HTTPRequest, completion: @escaping Completion) {
        self.id = id
        self.request = request
        self.completion = completion
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        if let handle = unsafe handle { unsafe curl_easy_cleanup(handle) }
        unsafe curl_slist_free_all(headerList)
        unsafe errorText.deallocate()
    }

    /// Makes libcurl's handle. Certificates and host names are always checked, and redirects, which could carry the key elsewhere,
    /// are never followed.
    func prepare(_ settings: CurlSettings) -> UnsafeMutableRawPointer? {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = handle
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_set_pointer(handle, CURLOPT_PRIVATE, context)
        unsafe ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        unsafe ccurl_set_text(handle, CURLOPT_URL, request.url)
        unsafe ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe ccurl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        unsafe ccurl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0)
        unsafe ccurl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1)
        unsafe ccurl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2)
        if let file = settings.certificateFile { unsafe ccurl_set_text(handle, CURLOPT_CAINFO, file) }
        if let folder = settings.certificateFolder { unsafe ccurl_set_text(handle, CURLOPT_CAPATH, folder) }
        // Whatever libcurl can unpack; the limit counts unpacked bytes. Files come as they are, since their hashes are noted.
        if request.receiver == nil {
            unsafe ccurl_set_text(handle, CURLOPT_ACCEPT_ENCODING, "")
            unsafe ccurl_set_size(handle, CURLOPT_MAXFILESIZE_LARGE, request.replyLimit)
        }
        unsafe ccurl_set_number(handle, CURLOPT_TCP_KEEPALIVE, 1)
        unsafe ccurl_set_number(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(settings.connectTimeout * 1000))
        if request.receiver == nil {
            unsafe ccurl_set_number(handle, CURLOPT_TIMEOUT_MS, Int(request.timeout * 1000))
        } else {
            unsafe ccurl_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
            unsafe ccurl_set_number(handle, CURLOPT_LOW_SPEED_TIME, Int(request.timeout.rounded(.up)))
        }
        if request.needsFreshConnection { unsafe ccurl_set_number(handle, CURLOPT_FRESH_CONNECT, 1) }

        unsafe ccurl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
        if let body = request.body {
            unsafe ccurl_set_number(handle, CURLOPT_POST, 1)
            unsafe ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
            unsafe ccurl_set_data_callback(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
                unsafe CurlTransfer.of(context).read(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            }
            unsafe ccurl_set_pointer(handle, CURLOPT_READDATA, context)
            unsafe ccurl_set_seek_callback(handle) { context, offset, origin in
                unsafe CurlTransfer.of(context).seek(Int(offset), origin)
            }
            unsafe ccurl_set_pointer(handle, CURLOPT_SEEKDATA, context)
        }
        for (name, value) in request.headers { unsafe headerList = curl_slist_append(headerList, "\(name): \(value)") }
        // Without this, bodies of a megabyte would wait a second for servers that do not know the header.
        unsafe headerList = curl_slist_append(headerList, "Expect:")
        unsafe ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headerList)
        unsafe ccurl_set_data_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            unsafe CurlTransfer.of(context).receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        unsafe ccurl_set_data_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            unsafe CurlTransfer.of(context).receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        return unsafe handle
    }

    /// Ends the transfer with what libcurl says of it.
    func end(_ code: CURLcode) {
        guard code != CURLE_OK else {
            if let handle = unsafe handle { reply.status = unsafe ccurl_number(handle, CURLINFO_RESPONSE_CODE) }
            return completion(.success(reply))
        }
        // Told by its Content-Length before it comes.
        if code == CURLE_FILESIZE_EXCEEDED { isTooLarge = true }
        let text = unsafe String(cString: errorText)
        let reason = text.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : text
        // What does not begin like HTTP counts as another protocol, though the connection stood.
        let wasConnected = unsafe handle.map { unsafe ccurl_number($0, CURLINFO_NUM_CONNECTS) > 0 } ?? false
        let isNoHTTP = code == CURLE_UNSUPPORTED_PROTOCOL && wasConnected
        completion(
            .failure(
                isTooLarge ? .tooLarge(request.replyLimit) : isNoHTTP ? .broken(reason) : TransportError(code, reason)))
    }

    /// Ends the transfer without an answer.
    func fail(_ error: TransportError) { completion(.failure(error)) }

    // MARK: Callbacks

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlTransfer {
        guard let context = unsafe context else { preconditionFailure("a callback of libcurl without its transfer") }
        return unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = request.body else { return 0 }
        let count = min(buffer.count, body.count - sent)
        unsafe body.withUnsafeBytes { bytes in
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + count]))
        }
        sent += count
        return count
    }

    /// libcurl begins the body again when a connection that was kept alive turns out to be dead.
    private func seek(_ offset: Int, _ origin: Int32) -> Int32 {
        guard origin == SEEK_SET, let body = request.body, (0...body.count).contains(offset) else { return CURL_SEEKFUNC_FAIL }
        sent = offset
        return CURL_SEEKFUNC_OK
    }

    private func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // A proxy's answer or a 100 came before.
            reply.headers = [:]
        } else if let colon = line.firstIndex(of: ":") {
            reply.headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return bytes.count
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        if let receiver = request.receiver, let handle = unsafe handle,
            unsafe (200..<300).contains(ccurl_number(handle, CURLINFO_RESPONSE_CODE))
        {
            let total = reply.headers["content-length"].flatMap { Int($0) }
            return receiver(unsafe Array(bytes), total) ? bytes.count : 0
        }
        guard reply.body.count + bytes.count <= request.replyLimit else {
            isTooLarge = true
            return 0
        }
        unsafe reply.body.append(contentsOf: bytes)
        return bytes.count
    }
}

extension TransportError {
    fileprivate init(_ code: CURLcode, _ reason: String) {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: self = .noConnection(reason)
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: self = .badAddress(reason)
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            self = .notTrusted(reason)
        default: self = .broken(reason)
        }
    }
}
