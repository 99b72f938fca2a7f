"""Signed calls (AWS Signature Version 4) with nothing but the standard library."""

import hashlib
import hmac
import json
import time

SERVICE = "directconnect"
REGION = "us-east-1"


class Key:
    """An access key of an account."""

    def __init__(self, number):
        self.account = f"{100_000_000_000 + number}"
        self.id = f"AKIANEMESIS{number:09}"
        self.secret = f"nemesis-secret-{number:09}"

    def toml(self):
        return (
            f'[[account]]\nid = "{self.account}"\nname = "stage"\n'
            f'  [[account.access_key]]\n  id = "{self.id}"\n  secret = "{self.secret}"\n'
        )

    def sign(self, host, operation, body):
        """Headers and body of a call."""
        text = json.dumps(body).encode()
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": host,
            "x-amz-date": now,
            "x-amz-target": f"OvertureService.{operation}",
        }
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(text).hexdigest()}"
        scope = f"{now[:8]}/{REGION}/{SERVICE}/aws4_request"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        message = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashed}"
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, message.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.id}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return headers, text
