//! `bindgen WASM FOLDER`: writes into FOLDER the JavaScript that goes with the worker's wasm, and
//! the wasm as that JavaScript wants it.
//!
//! It calls the library that the command-line tool `wasm-bindgen` is made of. Compiled here, its
//! version is the one in Cargo.lock, which cargo ties to that of the worker's own `wasm-bindgen`;
//! and it compiles in half a minute.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [wasm, folder] = arguments.as_slice() else {
        eprintln!("bindgen wants two arguments: the wasm file, and the folder to write to");
        return ExitCode::from(2);
    };
    match write_bindings(wasm, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("bindgen: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn write_bindings(wasm: &str, folder: &str) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("bindings")
        .typescript(false)
        // After a panic the next call makes a new instance: both settings are what the `worker`
        // crate's recovery is made of.
        .reset_state_function(true)
        .force_enable_abort_handler(true);
    bindgen
        .module(true)
        .and_then(|bindgen| bindgen.generate(folder))
        .map_err(|error| format!("{error:#}"))
}
