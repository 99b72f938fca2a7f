use super::{Sample, example_secret};
use crate::sigv4::Signature;
use crate::sigv4::keys::derive;
use crate::sigv4::verify::check_signature;

const HOST: (&str, &str) = ("Host", "example.amazonaws.com");
const DATE: (&str, &str) = ("X-Amz-Date", "20150830T123600Z");
const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

struct Vector {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    /// Beyond `Host` and `X-Amz-Date`.
    headers: &'static [(&'static str, &'static str)],
    body: &'static [u8],
    signed: &'static str,
    signature: &'static str,
}

/// A vector without further headers or a body.
const fn plain(
    name: &'static str,
    method: &'static str,
    target: &'static str,
    signature: &'static str,
) -> Vector {
    Vector {
        name,
        method,
        target,
        headers: &[],
        body: b"",
        signed: "host;x-amz-date",
        signature,
    }
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// The published test suite, without the case of a folded header line, which HTTP has given up
/// (RFC 9112 §5.2).
const VECTORS: &[Vector] = &[
    plain("get-vanilla", "GET", "/", VANILLA),
    plain("get-vanilla-query", "GET", "/?", VANILLA),
    plain("get-relative", "GET", "/example/..", VANILLA),
    plain(
        "get-relative-relative",
        "GET",
        "/example1/example2/../..",
        VANILLA,
    ),
    plain("get-slash", "GET", "//", VANILLA),
    plain("get-slash-dot-slash", "GET", "/./", VANILLA),
    plain(
        "get-slash-pointless-dot",
        "GET",
        "/./example",
        "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
    ),
    plain(
        "get-slashes",
        "GET",
        "//example//",
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    ),
    plain(
        "get-space",
        "GET",
        "/example space/",
        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    ),
    plain(
        "get-unreserved",
        "GET",
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    plain(
        "get-utf8",
        "GET",
        "/ሴ",
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    ),
    plain(
        "get-vanilla-empty-query-key",
        "GET",
        "/?Param1=value1",
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ),
    plain(
        "get-vanilla-query-order-key",
        "GET",
        "/?Param1=value2&Param1=Value1",
        "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
    ),
    plain(
        "get-vanilla-query-order-key-case",
        "GET",
        "/?Param2=value2&Param1=value1",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    plain(
        "get-vanilla-query-order-value",
        "GET",
        "/?Param1=value2&Param1=value1",
        "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
    ),
    plain(
        "get-vanilla-query-unreserved",
        "GET",
        "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ),
    plain(
        "get-vanilla-utf8-query",
        "GET",
        "/?ሴ=bar",
        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    ),
    plain("post-vanilla", "POST", "/", POST_VANILLA),
    plain("post-header-key-case", "POST", "/", POST_VANILLA),
    plain(
        "post-vanilla-query",
        "POST",
        "/?Param1=value1",
        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    ),
    Vector {
        headers: &[
            ("My-Header1", "value2"),
            ("My-Header1", "value2"),
            ("My-Header1", "value1"),
        ],
        signed: "host;my-header1;x-amz-date",
        ..plain(
            "get-header-key-duplicate",
            "GET",
            "/",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        )
    },
    Vector {
        headers: &[
            ("My-Header1", "value4"),
            ("My-Header1", "value1"),
            ("My-Header1", "value3"),
            ("My-Header1", "value2"),
        ],
        signed: "host;my-header1;x-amz-date",
        ..plain(
            "get-header-value-order",
            "GET",
            "/",
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        )
    },
    Vector {
        headers: &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        signed: "host;my-header1;my-header2;x-amz-date",
        ..plain(
            "get-header-value-trim",
            "GET",
            "/",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        )
    },
    Vector {
        headers: &[("My-Header1", "value1")],
        signed: "host;my-header1;x-amz-date",
        ..plain(
            "post-header-key-sort",
            "POST",
            "/",
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        )
    },
    Vector {
        headers: &[("My-Header1", "VALUE1")],
        signed: "host;my-header1;x-amz-date",
        ..plain(
            "post-header-value-case",
            "POST",
            "/",
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
        )
    },
    Vector {
        headers: &[FORM],
        body: b"Param1=value1",
        signed: "content-type;host;x-amz-date",
        ..plain(
            "post-x-www-form-urlencoded",
            "POST",
            "/",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        )
    },
    Vector {
        headers: &[(
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf8",
        )],
        body: b"Param1=value1",
        signed: "content-type;host;x-amz-date",
        ..plain(
            "post-x-www-form-urlencoded-parameters",
            "POST",
            "/",
            "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
        )
    },
    Vector {
        headers: &[("X-Amz-Security-Token", TOKEN)],
        signed: "host;x-amz-date;x-amz-security-token",
        ..plain(
            "post-sts-header-before",
            "POST",
            "/",
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
        )
    },
    Vector {
        headers: &[("X-Amz-Security-Token", TOKEN)],
        ..plain("post-sts-header-after", "POST", "/", POST_VANILLA)
    },
];

const VANILLA: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const POST_VANILLA: &str = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";

fn sample(vector: &Vector, service: &str) -> Sample {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, \
         SignedHeaders={}, Signature={}",
        vector.signed, vector.signature
    );
    let mut headers = vec![HOST, DATE];
    headers.extend(vector.headers);
    headers.push(("Authorization", &authorization));
    let mut sample = Sample::new(vector.method, vector.target, &headers);
    sample.body = vector.body;
    sample
}

#[test]
fn the_published_vectors_are_accepted() {
    for vector in VECTORS {
        let sample = sample(vector, "service");
        let request = sample.request();
        let signature = Signature::read(&request).unwrap();
        assert_eq!(signature.access_key_id(), "AKIDEXAMPLE", "{}", vector.name);
        let key = derive(&example_secret(), &signature.scope());
        check_signature(&request, &signature, &signature.time().unwrap(), &key)
            .unwrap_or_else(|error| panic!("{}: {error}", vector.name));
    }
}

#[test]
fn the_published_vectors_are_refused_with_another_method() {
    for vector in VECTORS {
        let mut sample = sample(vector, "service");
        sample.method = "PUT";
        let request = sample.request();
        let signature = Signature::read(&request).unwrap();
        let key = derive(&example_secret(), &signature.scope());
        assert!(
            check_signature(&request, &signature, &signature.time().unwrap(), &key).is_err(),
            "{}",
            vector.name
        );
    }
}

#[test]
fn the_example_of_the_iam_documentation_is_accepted() {
    let sample = Sample::new(
        "GET",
        "/?Action=ListUsers&Version=2010-05-08",
        &[
            ("Host", "iam.amazonaws.com"),
            (
                "Content-Type",
                "application/x-www-form-urlencoded; charset=utf-8",
            ),
            DATE,
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, \
                 Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ],
    );
    let request = sample.request();
    let signature = Signature::read(&request).unwrap();
    let key = derive(&example_secret(), &signature.scope());
    check_signature(&request, &signature, &signature.time().unwrap(), &key).unwrap();
}
