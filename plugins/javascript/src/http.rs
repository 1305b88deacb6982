//! Requests for code: one at a time, by the host, to the hosts that it allows.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loom_sdk::http::Request;
use rquickjs::function::Func;
use rquickjs::{Ctx, Object};

use crate::control::Control;
use crate::native::from_base64;

/// What a response may have: more would not fit beside what else code holds.
const BODY_BYTES: usize = 32 << 20;

pub(crate) fn install<'js>(host: &Object<'js>, control: &Rc<Control>) -> rquickjs::Result<()> {
    let own = Rc::clone(control);
    let send = move |ctx: Ctx<'js>,
                     method: String,
                     url: String,
                     headers: Vec<Vec<String>>,
                     body: String| {
        let mut request = Request::new(method, url).timeout(own.remaining());
        for pair in &headers {
            if let [name, value] = pair.as_slice() {
                request = request.header(name, value);
            }
        }
        request = request.body(from_base64(&ctx, &body)?);
        exchange(&ctx, request)
    };
    host.set("send", Func::from(send))
}

fn exchange<'js>(ctx: &Ctx<'js>, request: Request) -> rquickjs::Result<Object<'js>> {
    let answer = Object::new(ctx.clone())?;
    let received = request.send().and_then(|mut response| {
        let body = response.bytes(BODY_BYTES)?;
        Ok((response.status, std::mem::take(&mut response.headers), body))
    });
    match received {
        Ok((status, headers, (body, is_cut))) => {
            let headers: Vec<Vec<String>> = headers
                .into_iter()
                .map(|(name, value)| vec![name, value])
                .collect();
            answer.set("status", status)?;
            answer.set("headers", headers)?;
            answer.set("body", STANDARD.encode(body))?;
            answer.set("isCut", is_cut)?;
        }
        Err(error) => {
            answer.set("message", error.message)?;
            answer.set("kind", format!("{:?}", error.kind))?;
        }
    }
    Ok(answer)
}
