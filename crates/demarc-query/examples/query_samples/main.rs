//! One answer of every operation, every member set, a JSON object a line: for
//! `tests/python/parse_with_botocore.py`, which checks that botocore understands them.

#![expect(clippy::print_stdout, reason = "the samples are its output")]

mod ec2;
mod others;

fn main() {
    let ec2 = ec2::responses().into_iter().map(|(operation, response)| {
        (
            "ec2",
            operation,
            200,
            demarc_query::ec2::answer(operation, &response, "11111111-2222-3333-4444-555555555555"),
        )
    });
    for (service, operation, status, body) in ec2.chain(others::documents()) {
        let line = serde_json::json!({
            "service": service,
            "operation": operation,
            "status": status,
            "xml": String::from_utf8_lossy(&body),
        });
        println!("{line}");
    }
}
