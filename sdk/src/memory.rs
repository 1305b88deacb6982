//! Session stores.

use crate::error::Result;

pub use crate::bindings::backups_world::exports::loom::plugin::backups::{
    Backup, Guest as BackupsGuest, Upkeep,
};
pub use crate::bindings::memory_world::exports::loom::plugin::memory::{
    Entry, Guest, Hit, Page, Query, SessionInfo,
};

/// A store of sessions. One value serves all calls, one at a time; the contract in `wit/memory.wit`
/// says what each method owes.
pub trait Memory: Default + 'static {
    /// Adds entries to the end of a session and returns the next `seq`. `Ok` means durable.
    ///
    /// # Errors
    ///
    /// `conflict` if the session does not have `expected_seq` entries.
    fn append(&mut self, session: &str, expected_seq: u64, entries: Vec<Entry>) -> Result<u64>;

    /// Entries from `from_seq` on, at most `limit`.
    ///
    /// # Errors
    ///
    /// `not-found` if there is no such session.
    fn read(&mut self, session: &str, from_seq: u64, limit: u32) -> Result<Vec<Entry>>;

    /// The sessions, last changed first.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn sessions(&mut self, limit: u32, cursor: Option<&str>) -> Result<Page>;

    /// Removes a session for good.
    ///
    /// # Errors
    ///
    /// `not-found` if there is no such session.
    fn delete(&mut self, session: &str) -> Result<()>;

    /// The best `limit` entries.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn search(&mut self, query: &Query, limit: u32) -> Result<Vec<Hit>>;
}

/// A store that keeps backups of its sessions. The host calls these methods on a value of their own, in
/// an instance of its own, while others append and read; the contract in `wit/memory.wit` says what each
/// method owes.
pub trait Backups: Memory {
    /// Backs a session up if it changed since its last backup, keeps the newest `keep` backups of it,
    /// and rewrites its log where that makes it smaller. With a `keep` of 0 no backup is made or removed.
    ///
    /// # Errors
    ///
    /// `not-found` if there is no such session.
    fn maintain(&mut self, session: &str, keep: u32) -> Result<Upkeep>;

    /// The backups of a session, or of all, also of those that were deleted; newest first.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn backups(&mut self, session: Option<&str>) -> Result<Vec<Backup>>;

    /// Makes a session what it was in a backup, and returns that backup. What it is before is backed
    /// up first.
    ///
    /// # Errors
    ///
    /// `not-found` if there is no such backup.
    fn restore(&mut self, session: &str, id: &str) -> Result<Backup>;
}

/// Exports a [`Memory`](crate::memory::Memory). Once per plugin.
#[macro_export]
macro_rules! export_memory {
    ($memory:ty) => {
        #[doc(hidden)]
        pub struct LoomMemory;

        ::std::thread_local! {
            static LOOM_MEMORY: ::std::cell::RefCell<$memory> = ::std::default::Default::default();
        }

        impl $crate::memory::Guest for LoomMemory {
            fn append(
                session: ::std::string::String,
                expected_seq: u64,
                entries: ::std::vec::Vec<$crate::memory::Entry>,
            ) -> $crate::error::Result<u64> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Memory::append(memory, &session, expected_seq, entries))
            }

            fn read(
                session: ::std::string::String,
                from_seq: u64,
                limit: u32,
            ) -> $crate::error::Result<::std::vec::Vec<$crate::memory::Entry>> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Memory::read(memory, &session, from_seq, limit))
            }

            fn sessions(
                limit: u32,
                cursor: ::std::option::Option<::std::string::String>,
            ) -> $crate::error::Result<$crate::memory::Page> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Memory::sessions(memory, limit, cursor.as_deref()))
            }

            fn delete(session: ::std::string::String) -> $crate::error::Result<()> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Memory::delete(memory, &session))
            }

            fn search(
                query: $crate::memory::Query,
                limit: u32,
            ) -> $crate::error::Result<::std::vec::Vec<$crate::memory::Hit>> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Memory::search(memory, &query, limit))
            }
        }

        // A native build has no host to export to, and its linker refuses the contract's symbol names.
        #[cfg(target_family = "wasm")]
        $crate::__private::memory_world::export!(LoomMemory with_types_in $crate::__private::memory_world);
    };
}

/// Exports a [`Memory`](crate::memory::Memory) that is [`Backups`](crate::memory::Backups) too. Once per
/// plugin, instead of [`export_memory!`](crate::export_memory).
#[macro_export]
macro_rules! export_memory_with_backups {
    ($memory:ty) => {
        $crate::export_memory!($memory);

        impl $crate::memory::BackupsGuest for LoomMemory {
            fn maintain(
                session: ::std::string::String,
                keep: u32,
            ) -> $crate::error::Result<$crate::memory::Upkeep> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Backups::maintain(memory, &session, keep))
            }

            fn backups(
                session: ::std::option::Option<::std::string::String>,
            ) -> $crate::error::Result<::std::vec::Vec<$crate::memory::Backup>> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Backups::backups(memory, session.as_deref()))
            }

            fn restore(
                session: ::std::string::String,
                id: ::std::string::String,
            ) -> $crate::error::Result<$crate::memory::Backup> {
                LOOM_MEMORY.with_borrow_mut(|memory| $crate::memory::Backups::restore(memory, &session, &id))
            }
        }

        #[cfg(target_family = "wasm")]
        $crate::__private::backups_world::export!(LoomMemory with_types_in $crate::__private::backups_world);
    };
}
