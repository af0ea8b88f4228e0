"""A proxy that treats HTTP requests as bad networks and overloaded services do. It runs in a thread of its own."""

import asyncio
import collections
import random
import threading

FAULTS = {
    "pass": 60, "delay": 10, "repeat": 6, "drop before": 4, "drop after": 4, "cut request": 4, "cut response": 4, "408": 1, "429": 1,
    "500": 1, "502": 1, "500 after": 1, "garbage": 2, "truncated JSON": 1,
}


class Proxy:
    def __init__(self, host, port, seed=1):
        self.target, self.random, self.counts, self.port = (host, port), random.Random(seed), collections.Counter(), None
        self.loop, ready = asyncio.new_event_loop(), threading.Event()

        def run():
            asyncio.set_event_loop(self.loop)
            server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=512, limit=1 << 20))
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            self.loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        ready.wait()

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def one(self, reader, writer):
        """Serves one request; false if the connection is over."""
        request = await message(reader)
        fault = self.random.choices(list(FAULTS), FAULTS.values())[0]
        self.counts[fault] += 1
        if fault == "delay":
            await asyncio.sleep(self.random.uniform(0, 1))
        if fault == "drop before":
            return False
        if fault == "cut request":
            _, upstream = await asyncio.open_connection(*self.target)
            upstream.write(request[: self.random.randrange(1, len(request))])
            await upstream.drain()
            upstream.close()
            return False
        if fault in ("408", "429", "500", "502"):
            answer = reply(int(fault), b"<html>busy</html>")
        else:
            answer = await self.forward(request)
            if fault == "repeat":
                answer = await self.forward(request)
            if fault == "drop after":
                return False
            if fault == "cut response":
                answer = answer[: self.random.randrange(1, len(answer))]
            if fault == "500 after":
                answer = reply(500, b"<html>oops</html>")
            if fault == "garbage":
                answer = reply(200, self.random.randbytes(300))
            if fault == "truncated JSON":
                answer = reply(200, b'{"request_id": "')
        writer.write(answer)
        await writer.drain()
        return fault != "cut response"

    async def forward(self, request):
        reader, writer = await asyncio.open_connection(*self.target, limit=1 << 20)
        try:
            writer.write(request)
            await writer.drain()
            return await message(reader)
        finally:
            writer.close()


async def message(reader):
    """The bytes of a request or response with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


def reply(status, body):
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
