"""Authlib reads and validates OpenID Connect metadata and loads its keys: `authlib_metadata.py URL`."""

import json
import sys
from urllib.request import urlopen

from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc.jwk import KeySet


def load(address: str) -> dict:
    with urlopen(address, timeout=20) as answer:
        return json.load(answer)


metadata = OpenIDProviderMetadata(load(sys.argv[1]))
metadata.validate()
keys = load(metadata["jwks_uri"])["keys"]
# With opaque tokens there are none, which is a valid set that joserfc has nothing to import of.
if keys:
    KeySet.import_key_set({"keys": keys})
algorithms = metadata["id_token_signing_alg_values_supported"]
print(json.dumps({"event": "metadata", "issuer": metadata["issuer"], "algorithms": algorithms, "keys": len(keys)}))
