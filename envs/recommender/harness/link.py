"""
Stands between web and recommender, and does what a network does when the recommender is in trouble. No code of the system takes part.

    well   passes everything on
    slow   takes connections and holds back what comes, until it is well again
    dead   nobody listens, and open connections are cut: as when the process is gone

A word on port 7001 sets the state and is answered with it.
"""
import asyncio
import os
import socket
from pathlib import Path

HOST, PORT = os.environ["TARGET"].split(":")


class Link:
    def __init__(self) -> None:
        self._passes = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def set(self, state: str) -> None:
        if state == "dead":
            if self._server is not None:
                self._server.close()
            self._server = None
            for writer in list(self._open):
                writer.transport.abort()
        elif self._server is None:
            self._server = await asyncio.start_server(self._serve, "0.0.0.0", 7000, reuse_address=True)
        if state == "slow":
            self._passes.clear()
        else:
            self._passes.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        onward = None
        try:
            await self._passes.wait()
            back, onward = await asyncio.open_connection(HOST, int(PORT))
            for each in (writer, onward):
                each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.wait(
                [asyncio.create_task(self._pump(reader, onward)), asyncio.create_task(self._pump(back, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            for each in (writer, onward):
                if each is not None:
                    each.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._passes.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass


async def main() -> None:
    link = Link()

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = (await reader.readline()).decode().strip()
        await link.set(state)
        writer.write(f"{state}\n".encode())
        await writer.drain()
        writer.close()

    await link.set("well")
    server = await asyncio.start_server(control, "0.0.0.0", 7001)
    print('{"msg": "ready", "service": "link"}', flush=True)
    Path("/tmp/ready").touch()
    await server.serve_forever()


asyncio.run(main())
