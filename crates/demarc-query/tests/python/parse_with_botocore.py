"""Checks the answers of examples/query_samples with botocore itself: every element is a member of the
model and in its place, every value has the model's type, enumerations included, and what was written is
what botocore gives its caller.

    cargo run -q -p demarc-query --example query_samples | \
        python crates/demarc-query/tests/python/parse_with_botocore.py
"""

import json
import sys
import xml.etree.ElementTree

import botocore.parsers
import botocore.session

# Elements that frame an answer and are no members of it.
FRAME = {"requestId", "ResponseMetadata"}


class Mismatch(Exception):
    pass


def local(element):
    return element.tag.rpartition("}")[2]


def check(element, shape, path):
    """Compares an element with its shape; gives the number of scalar values in it."""
    if shape.type_name == "structure":
        return check_structure(element, shape, path)
    if shape.type_name == "list":
        name = shape.member.serialization.get("name", "member")
        for item in element:
            if local(item) != name:
                raise Mismatch(f"{path}: <{local(item)}> in a list of <{name}>")
        return sum(check(item, shape.member, f"{path}[{i}]") for i, item in enumerate(element))
    check_scalar(element.text or "", shape, path)
    return 1


def check_structure(element, shape, path):
    members = {m.serialization.get("name", name): m for name, m in shape.members.items()}
    count = 0
    seen = set()
    for child in element:
        name = local(child)
        if name not in members:
            raise Mismatch(f"{path}: <{name}> is no member of {shape.name}")
        if name in seen:
            raise Mismatch(f"{path}: <{name}> twice")
        seen.add(name)
        count += check(child, members[name], f"{path}.{name}")
    missing = [name for name in shape.required_members if shape.members[name].serialization.get("name", name) not in seen]
    if missing:
        raise Mismatch(f"{path}: required {missing} are missing")
    return count


def check_scalar(text, shape, path):
    kind = shape.type_name
    if kind in ("integer", "long"):
        int(text)
    elif kind == "boolean" and text not in ("true", "false"):
        raise Mismatch(f"{path}: {text!r} is no boolean")
    elif kind == "timestamp":
        botocore.parsers.DEFAULT_TIMESTAMP_PARSER(text)
    enum = getattr(shape, "enum", None)
    if enum and text not in enum:
        raise Mismatch(f"{path}: {text!r} is none of {enum}")


def scalars(value):
    """The number of scalar values in what botocore parsed."""
    if isinstance(value, dict):
        return sum(scalars(v) for v in value.values())
    if isinstance(value, list):
        return sum(scalars(v) for v in value)
    return 1


def check_answer(sample, model, operation, parser):
    root = xml.etree.ElementTree.fromstring(sample["xml"].encode())
    if local(root) != f"{operation.name}Response":
        raise Mismatch(f"root <{local(root)}>")
    namespace = root.tag[1:].partition("}")[0]
    if namespace.rstrip("/") != model.metadata["xmlNamespace"].rstrip("/"):
        raise Mismatch(f"namespace {namespace}")
    output = operation.output_shape
    written = 0
    if output is not None:
        wrapper = output.serialization.get("resultWrapper")
        if wrapper:
            body = next(child for child in root if local(child) == wrapper)
        else:
            body = root
            for child in list(root):
                if local(child) in FRAME:
                    root.remove(child)
        written = check(body, output, operation.name)
    parsed = parser.parse(
        {"status_code": 200, "headers": {}, "body": sample["xml"].encode()}, output
    )
    if not parsed.pop("ResponseMetadata").get("RequestId"):
        raise Mismatch("no request id")
    if scalars(parsed) != written:
        raise Mismatch(f"{written} values written, {scalars(parsed)} parsed")
    return written


def check_refusal(sample, operation, parser):
    answer = {"status_code": sample["status"], "headers": {}, "body": sample["xml"].encode()}
    parsed = parser.parse(answer, operation.output_shape)
    error = parsed["Error"]
    if not error.get("Code") or not error.get("Message"):
        raise Mismatch(f"{error}")
    if not parsed["ResponseMetadata"].get("RequestId"):
        raise Mismatch("no request id")


def main():
    session = botocore.session.get_session()
    failures = answers = refusals = values = 0
    for line in sys.stdin:
        sample = json.loads(line)
        model = session.get_service_model(sample["service"])
        operation = model.operation_model(sample["operation"])
        parser = botocore.parsers.create_parser(model.metadata["protocol"])
        try:
            if sample["status"] == 200:
                values += check_answer(sample, model, operation, parser)
                answers += 1
            else:
                check_refusal(sample, operation, parser)
                refusals += 1
        except (Mismatch, ValueError) as problem:
            failures += 1
            print(f"{sample['service']} {sample['operation']}: {problem}")
    print(f"{answers} answers with {values} values and {refusals} refusals are as botocore wants them; "
          f"{failures} are not")
    return failures != 0 or answers == 0


if __name__ == "__main__":
    sys.exit(main())
