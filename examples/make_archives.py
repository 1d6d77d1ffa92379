"""Write ``raw/crawl.warc.gz`` and ``raw/broken.warc.gz`` from the pages in ``sources/``.

Run it from anywhere: ``python examples/make_archives.py``. Nothing depends on the clock or on chance, so the same
sources give the same bytes (with one version of zlib).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import uuid
from pathlib import Path

EXAMPLES = Path(__file__).parent
CRAWLED = "2024-03-18T05:{minute:02d}:00Z"
POST = "https://www.saltmere-post.example"
LIFEBOAT = f"{POST}/news/2024/03/15/lifeboat-tows-yacht"
FERRY = "http://www.hohenooger-inselblatt.example/elektrofaehre.htm"
BOOKMOBILE = "https://marrowcreek-ledger.example/2024/03/15/bookmobile-returns/"
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
HTML = {"Content-Type": "text/html; charset=utf-8"}
NOT_FOUND = b"""<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Page not found | The Saltmere Post</title></head>
<body><h1>Sorry, we cannot find that page</h1>
<p>The story may have been moved or taken down. Try the search box, or go back to the <a href="/">home page</a>.</p>
</body></html>
"""


def source(name: str) -> bytes:
    """The HTML of one page as its site's server holds it."""
    return (EXAMPLES / f"sources/{name}.html").read_bytes()


def compress(block: bytes) -> bytes:
    """One gzip member without a time or a name in its header."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as member:
        member.write(block)
    return buffer.getvalue()


def chunked(body: bytes, chunk_bytes: int = 4096) -> bytes:
    """``body`` in HTTP's chunked transfer coding, as servers send pages whose length they do not know yet."""
    chunks = [body[at : at + chunk_bytes] for at in range(0, len(body), chunk_bytes)]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])


def http(status: str, headers: dict[str, str], body: bytes) -> bytes:
    """An HTTP message as it stands in a ``response`` or ``request`` record."""
    lines = [status, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def record(kind: str, minute: int, content_type: str, block: bytes, url: str | None = None) -> bytes:
    """One WARC record as a gzip member; its id is made of its type and address."""
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {url}')}>",
        "WARC-Date": CRAWLED.format(minute=minute),
        **({"WARC-Target-URI": url} if url else {"WARC-Filename": "crawl.warc.gz"}),
        "Content-Type": content_type,
        "WARC-Block-Digest": "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode(),
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return compress(b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n")


def response(minute: int, url: str, headers: dict[str, str], body: bytes, status: str = "200 OK") -> bytes:
    """A ``response`` record."""
    message = http(f"HTTP/1.1 {status}", headers, body)
    return record("response", minute, "application/http; msgtype=response", message, url)


def lifeboat(minute: int) -> bytes:
    """A page that was sent compressed and in chunks."""
    headers = {**HTML, "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
    return response(minute, LIFEBOAT, headers, chunked(compress(source("saltmere-post-lifeboat-tows-yacht"))))


def ferry(minute: int) -> bytes:
    """A page in windows-1252 that does not say so itself: only the HTTP header does."""
    page = source("hohenooger-inselblatt-elektrofaehre").decode().encode("windows-1252")
    return response(minute, FERRY, {"Content-Type": "text/html; charset=windows-1252"}, page)


def crawl() -> bytes:
    """Six records: two articles, and four that are none."""
    software = b"software: examples/make_archives.py\r\nformat: WARC File Format 1.1\r\n"
    request = http(f"GET {LIFEBOAT.removeprefix(POST)} HTTP/1.1", {"Host": "www.saltmere-post.example"}, b"")
    return b"".join(
        [
            record("warcinfo", 0, "application/warc-fields", software),
            record("request", 1, "application/http; msgtype=request", request, LIFEBOAT),
            lifeboat(1),
            ferry(2),
            response(3, f"{POST}/news/2023/11/02/pier-clock", HTML, NOT_FOUND, status="404 Not Found"),
            response(4, f"{POST}/px.gif?e=view", {"Content-Type": "image/gif"}, GIF),
        ]
    )


def broken() -> bytes:
    """A whole record and half of a second one, as a download that broke off leaves them."""
    whole = response(5, BOOKMOBILE, HTML, source("marrowcreek-ledger-bookmobile-returns"))
    half = response(6, LIFEBOAT, HTML, source("saltmere-post-lifeboat-tows-yacht"))
    return whole + half[: len(half) // 2]


if __name__ == "__main__":
    (EXAMPLES / "raw/crawl.warc.gz").write_bytes(crawl())
    (EXAMPLES / "raw/broken.warc.gz").write_bytes(broken())
