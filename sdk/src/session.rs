//! Sessions of tools: what a plugin does when an instance that was kept must go.
//!
//! A plugin whose manifest names an argument as `calls.session` has calls with the same value of it in one
//! instance, one after the other, so what they keep in statics and thread locals is there for the next.
//! The instance goes when it is not used for a while, when others need its room and when the host ends;
//! the directory `/session` stays.

pub use crate::bindings::session_world::exports::loom::plugin::session::Guest;

/// Exports tools and the function that is called when a kept instance must go. It takes nothing and
/// returns `Result<(), loom_sdk::Error>`; what it writes to `/session` is there for the instance that
/// comes after. Beside `export_tools!`, once per plugin:
///
/// ```
/// use std::cell::Cell;
///
/// use loom_sdk::prelude::*;
///
/// thread_local!(static COUNT: Cell<Option<u64>> = const { Cell::new(None) });
///
/// const STATE: &str = "/session/count";
///
/// /// Count the calls of a session.
/// #[tool(cautious)]
/// fn count(
///     /// The session.
///     session: Option<String>,
/// ) -> u64 {
///     let saved = || std::fs::read_to_string(STATE).ok()?.parse().ok();
///     let count = COUNT.get().or_else(saved).unwrap_or(0) + 1;
///     COUNT.set(Some(count));
///     count
/// }
///
/// fn suspend() -> Result<(), Error> {
///     let count = COUNT.get().unwrap_or(0);
///     Ok(std::fs::write(STATE, count.to_string())?)
/// }
///
/// loom_sdk::export_tools!(count);
/// loom_sdk::export_session!(suspend);
/// # fn main() {}
/// ```
///
/// The manifest says which argument it is, and asks for the directory:
///
/// ```toml
/// [capabilities]
/// scratch = true
///
/// [calls]
/// session = "session"
/// ```
#[macro_export]
macro_rules! export_session {
    ($suspend:path) => {
        #[doc(hidden)]
        pub struct LoomSession;

        impl $crate::session::Guest for LoomSession {
            fn suspend() -> ::std::result::Result<(), $crate::Error> {
                $suspend()
            }
        }

        #[cfg(target_family = "wasm")]
        $crate::__private::session_world::export!(LoomSession with_types_in $crate::__private::session_world);
    };
}
