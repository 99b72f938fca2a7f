//! How long a verification takes: ours with and without a cached signing key, and
//! scratchstack-aws-signature for comparison (docs/decisions/0003-signature-verification.md).
//!
//! `cargo run --release -p demarc-auth --example verify_bench`

#![expect(
    clippy::print_stdout,
    reason = "a benchmark reports on standard output"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark is nothing without a clock; the crate under test has none"
)]

#[path = "../tests/support/mod.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "made for tests, which use more of it"
)]
mod support;

use std::hint::black_box;
use std::time::Instant;

use demarc_auth::{RegionRule, Service, Signature, SigningKeys, verify};
use support::{NOW, Signed, scratchstack, secret, sign};

const ROUNDS: u32 = 200_000;

fn main() {
    let body = br#"{"virtualInterfaceId":"dxvif-ffhhk74f"}"#;
    let target = "OvertureService.DescribeVirtualInterfaces";
    let signed = sign(Signed::unsigned("POST", "/", None, target, body));
    let presigned = sign(Signed::unsigned("POST", "/", None, target, body).presigned(true));
    let keys = SigningKeys::new();
    report("header form, key cached", || ours(&signed, &keys));
    report("presigned form, key cached", || ours(&presigned, &keys));
    report("header form, key derived", || {
        ours(&signed, &SigningKeys::new());
    });
    let mut long = Signed::unsigned("POST", "/", None, target, &[b'x'; 16 * 1024]);
    long = sign(long);
    report("header form, key cached, body of 16 KiB", || {
        ours(&long, &keys);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without I/O needs nothing that could be missing");
    runtime.block_on(async {
        let begin = Instant::now();
        for _ in 0..ROUNDS {
            scratchstack(black_box(&signed))
                .await
                .expect("the request is signed well");
        }
        print("scratchstack, header form, key derived", begin);
    });
}

fn ours(signed: &Signed, keys: &SigningKeys) {
    let request = signed.request();
    let signature = Signature::read(black_box(&request)).expect("the request is signed");
    verify(
        &request,
        &signature,
        Service::DirectConnect,
        RegionRule::Any,
        NOW,
        keys,
        |_| Ok(secret()),
    )
    .expect("the request is signed well");
}

fn report(name: &str, mut work: impl FnMut()) {
    for _ in 0..ROUNDS / 10 {
        work();
    }
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        work();
    }
    print(name, begin);
}

fn print(name: &str, begin: Instant) {
    let micros = begin.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
    println!("{name}: {micros:.2} us");
}
