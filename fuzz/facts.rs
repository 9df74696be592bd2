//! What holds for any bytes. Used by the fuzz targets and by `tests/fuzz_corpus.rs`.

use mintage::agent::{Hello, Reply, Request};
use mintage::clock::System;
use mintage::limits;
use mintage::model::Pasted;

/// A request that is understood is one that we would have written, byte for byte. Whether it is one.
pub fn request(content: &[u8]) -> bool {
    let Some(request) = Request::parse(content) else { return false };
    is_frame_of(request.to_frame().expose(), content);
    true
}

/// So is an answer; and a lease in it is one, or is refused. Whether it is one.
pub fn reply(content: &[u8]) -> bool {
    let Some(reply) = Reply::parse(content) else { return false };
    is_frame_of(reply.to_frame().expose(), content);
    if let Reply::Leased(leased) = reply {
        let _refused_or_not = leased.into_lease(&System);
    }
    true
}

/// An opening may go on after what is known of it, and its version is harmless. Whether it is one.
pub fn hello(content: &[u8]) -> bool {
    let Some(hello) = Hello::parse(content) else { return false };
    assert!(hello.to_frame().get(4..).is_some_and(|again| content.starts_with(again)));
    assert!(hello.version.len() <= 64 && hello.version.bytes().all(|byte| byte.is_ascii_graphic()));
    true
}

/// A pasted pair has a secret that was in the paste, or was wrapped in it. Whether it is one.
pub fn paste(content: &[u8]) -> bool {
    let Ok(pasted) = Pasted::pair(content) else { return false };
    assert!(pasted.secret.len() <= content.len());
    assert!(pasted.client_id.is_none_or(|id| id.as_str().len() <= limits::CLIENT_ID));
    true
}

fn is_frame_of(frame: &[u8], content: &[u8]) {
    let (length, again) = frame.split_at(4);
    assert_eq!(length, u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
    assert_eq!(again, content);
}
