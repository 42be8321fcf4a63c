"""Reads provider metadata as Authlib does: the document on standard input, `ok` or what is wrong with it on the output."""

import json
import os
import sys

# The documents of the tests are at http://127.0.0.1.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.oidc.discovery import OpenIDProviderMetadata

try:
    OpenIDProviderMetadata(json.load(sys.stdin)).validate()
    print("ok")
except ValueError as error:
    print(error)
