"""Which articles are copies of each other, and which one of them stays.

The way of an article: its row gets four signature columns (:func:`signature_columns`); pairs that share one are
:func:`candidates`; :func:`verify` measures their real similarity; :func:`clusters` joins what is similar
enough and names the canonical article. Records with the same bytes are found before that (:func:`payload_copies`).
"""

from curate.dedup.clusters import clusters
from curate.dedup.exact import payload_copies, text_digest, url_key
from curate.dedup.pairs import candidates, verify
from curate.dedup.signature import SIGNATURES, signature_columns

__all__ = [
    "SIGNATURES",
    "candidates",
    "clusters",
    "payload_copies",
    "signature_columns",
    "text_digest",
    "url_key",
    "verify",
]
