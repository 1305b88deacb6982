//! The directories that a guest is given: what was granted, and its scratch directories, which are made
//! when it asks.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::preopens as p2;
use wasmtime_wasi::p3::bindings::filesystem::preopens as p3;

use super::HostState;

/// For the linker: both versions of `wasi:filesystem/preopens` answer with the same.
pub(crate) struct Preopens;

impl HasData for Preopens {
    type Data<'a> = &'a mut HostState;
}

type Directories = Vec<(Resource<Descriptor>, String)>;

impl HostState {
    fn directories(&mut self) -> wasmtime::Result<Directories> {
        let mut granted = WasiFilesystemCtxView {
            ctx: self.wasi.filesystem(),
            table: &mut self.table,
        };
        let mut directories = p2::Host::get_directories(&mut granted)?;
        if let Some(scratch) = &self.call.scratch {
            let scratch = scratch.preopens();
            let mut scratch = scratch.map_err(|error| {
                wasmtime::Error::msg(format!("its scratch directory cannot be made: {error}"))
            })?;
            let mut scratch = WasiFilesystemCtxView {
                ctx: &mut scratch,
                table: &mut self.table,
            };
            directories.extend(p2::Host::get_directories(&mut scratch)?);
        }
        Ok(directories)
    }
}

impl p2::Host for HostState {
    fn get_directories(&mut self) -> wasmtime::Result<Directories> {
        self.directories()
    }
}

impl p3::Host for HostState {
    fn get_directories(&mut self) -> wasmtime::Result<Directories> {
        self.directories()
    }
}

/// Puts this in the place of WASI 0.2's own.
pub(crate) fn add_p2_to_linker(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let added = p2::add_to_linker::<_, Preopens>(linker, |state| state);
    linker.allow_shadowing(false);
    added
}

/// Puts this in the place of WASI 0.3's own.
pub(crate) fn add_p3_to_linker(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let added = p3::add_to_linker::<_, Preopens>(linker, |state| state);
    linker.allow_shadowing(false);
    added
}
