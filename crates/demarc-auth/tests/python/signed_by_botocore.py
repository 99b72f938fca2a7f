"""Writes tests/fixtures/botocore.jsonl: requests signed by botocore at 2015-08-30T12:36:00Z, one a line.
Needs botocore.

    python crates/demarc-auth/tests/python/signed_by_botocore.py
"""

import datetime
import json
import pathlib
import urllib.parse

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
THEN = datetime.datetime(2015, 8, 30, 12, 36, 0, tzinfo=datetime.timezone.utc)
JSON_HEADERS = {"Content-Type": "application/x-amz-json-1.1", "User-Agent": "Boto3/1.44  md/x"}
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def target(name):
    return {**JSON_HEADERS, "X-Amz-Target": f"OvertureService.{name}"}


def rows():
    """Service, method, path with query, headers, body, session token, presigned."""
    yield "directconnect", "POST", "/", target("DescribeConnections"), "{}", None, False
    yield "directconnect", "POST", "/", target("CreateLag"), '{"lagName":"é ü"}', "tok/en+=", False
    yield "ec2", "POST", "/", FORM_HEADERS, "Action=DescribeVpcs&Version=2016-11-15", None, False
    yield "sts", "POST", "/", FORM_HEADERS, "Action=GetCallerIdentity&Version=2011-06-15", "t", False
    yield "sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, "", None, True
    yield "sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15&x=a%20b%2B", {}, "", "tok/en+=", True
    yield "directconnect", "POST", "/a%20b/%2f//d/../e/", target("X"), "{}", None, False


def sign(service, method, target_path, headers, body, token, presigned):
    request = AWSRequest(method, "http://localhost:4580" + target_path, headers, body)
    credentials = Credentials("AKIDEXAMPLE", SECRET, token)
    kind = botocore.auth.SigV4QueryAuth if presigned else botocore.auth.SigV4Auth
    arguments = {"expires": 900} if presigned else {}
    kind(credentials, service, "us-east-1", **arguments).add_auth(request)
    prepared = request.prepare()
    url = urllib.parse.urlsplit(prepared.url)
    headers = {name: value.decode() if isinstance(value, bytes) else str(value)
               for name, value in prepared.headers.items()}
    # What is added on the way to the wire.
    headers.setdefault("Host", "localhost:4580")
    return {"service": service, "method": method, "path": url.path, "query": url.query,
            "headers": headers, "body": body}


def main():
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
        THEN.replace(tzinfo=None) if remove_tzinfo else THEN)
    lines = [json.dumps(sign(*row), ensure_ascii=False) for row in rows()]
    goal = pathlib.Path(__file__).parent.parent / "fixtures" / "botocore.jsonl"
    goal.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} requests in {goal}")


if __name__ == "__main__":
    main()
