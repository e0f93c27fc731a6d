//! `bindgen WASM FOLDER`: writes the JavaScript for the worker's wasm into FOLDER, the wasm adapted
//! to it, and `exports.txt` with the names that this wasm exports, one a line.
//!
//! The names are written here because Node 20 cannot read them: it does not know all types of
//! wasm-bindgen's wasm.
//!
//! It calls the library behind the command-line tool `wasm-bindgen`. Compiled here, it has the
//! version in Cargo.lock, which cargo ties to the worker's own `wasm-bindgen`, and it compiles in
//! half a minute.

use std::fs;
use std::path::Path;
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
    let mut output = bindgen
        .module(true)
        .and_then(Bindgen::generate_output)
        .map_err(|error| format!("{error:#}"))?;
    output.emit(folder).map_err(|error| format!("{error:#}"))?;
    let names: Vec<&str> = output
        .wasm()
        .exports
        .iter()
        .map(|export| export.name.as_str())
        .collect();
    let file = Path::new(folder).join("exports.txt");
    fs::write(&file, names.join("\n")).map_err(|error| format!("{} cannot be written: {error}", file.display()))
}
