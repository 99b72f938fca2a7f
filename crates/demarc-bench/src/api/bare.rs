//! A server that does nothing: axum, one route, the same bytes for everyone.

use std::io::Write;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use bytes::Bytes;

/// Serves the body on a free port, which is printed as the program's first line, until it is killed.
///
/// # Errors
/// When there is no port or no runtime.
pub fn serve(body: Vec<u8>) -> anyhow::Result<()> {
    let body = Bytes::from(body);
    let handler = move |_request: Bytes| {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/x-amz-json-1.1")], body) }
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
        axum::serve(listener, Router::new().route("/", post(handler))).await?;
        Ok(())
    })
}
