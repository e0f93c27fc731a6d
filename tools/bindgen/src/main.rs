//! `bindgen WASM FOLDER`: writes the JavaScript for the worker's wasm into FOLDER, and the wasm
//! adapted to it.
//!
//! It calls the library behind the command-line tool `wasm-bindgen`. Compiled here, it has the
//! version in Cargo.lock, which cargo ties to the worker's own `wasm-bindgen`, and it compiles in
//! half a minute.

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
        // After a panic the next call creates a new instance. The recovery in the `worker` crate
        // relies on both settings.
        .reset_state_function(true)
        .force_enable_abort_handler(true);
    bindgen
        .module(true)
        .and_then(|bindgen| bindgen.generate(folder))
        .map_err(|error| format!("{error:#}"))
}
