//! The house rules that a compiler does not know: who may use whom, who may open a secret, how long
//! a file may be, and where the few dangerous things stand.

#![expect(clippy::expect_used, reason = "a test fails by panic wherever it stands")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The modules in the order of `lib.rs`: each may use only those on a line above its own. Modules
/// on one line never use each other.
const LINES: [&[&str]; 13] = [
    &["alloc", "clock", "harden", "limits", "secret"],
    &["stack"],
    &["model"],
    &["disk"],
    &["config", "http", "prompt"],
    &["seal"],
    &["grant", "identity", "store"],
    &["vault"],
    &["mint"],
    &["broker"],
    &["agent", "handover"],
    &["cli"],
    &["main"],
];

/// The files that may open a secret, and why.
const MAY_EXPOSE: [(&str, &str); 43] = [
    ("secret.rs", "defines it"),
    ("model/anatomy.rs", "takes a token apart to show all but its signature"),
    ("seal/binding.rs", "keys of MACs"),
    ("seal/credential.rs", "the parts of a credential in their sealed form"),
    ("seal/envelope.rs", "what is sealed and opened"),
    ("seal/form.rs", "the secrets of a profile in their sealed form"),
    ("seal/index.rs", "the key of the index"),
    ("seal/keys.rs", "the vault's keys in their sealed form"),
    ("seal/members.rs", "the sealed list"),
    ("seal/record.rs", "what is sealed and opened"),
    ("seal/sheet.rs", "its tests"),
    ("seal/signer.rs", "an opening key in its text forms"),
    ("seal/slot.rs", "tokens in their sealed form"),
    ("seal/wrapped.rs", "passphrase and wrapped key"),
    ("vault/index.rs", "names, of a cache"),
    ("identity/file.rs", "writes the key file"),
    ("identity/keychain/mod.rs", "writes the keychain's entry"),
    ("identity/passphrase.rs", "compares what was typed twice"),
    ("identity/stretch.rs", "the pipe to the child that stretches"),
    ("grant/abconnect.rs", "the key that signs a query"),
    ("grant/advice.rs", "whether a secret was pasted with its line end"),
    ("grant/badges.rs", "a password or refresh token that is sent"),
    ("grant/canvas.rs", "replies, a token that is taken back"),
    ("grant/canvas_instaccess.rs", "the token that mints"),
    ("grant/canvas_jwt.rs", "the token that is renewed"),
    ("grant/fixed.rs", "a key that is given out as it is"),
    ("grant/github_app.rs", "a token that is taken back"),
    ("grant/jws.rs", "keys that sign"),
    ("grant/jwt_bearer.rs", "an assertion that is sent"),
    ("grant/key/mod.rs", "what kind a key is"),
    ("grant/key/public.rs", "the public half of a key"),
    ("grant/oauth/client.rs", "client authentication"),
    ("grant/oauth/echo.rs", "whether a reply repeats a secret"),
    ("grant/oauth/reply.rs", "replies"),
    ("grant/oauth/token.rs", "a token that is asked about, or taken back"),
    ("grant/refresh.rs", "a refresh token that is sent"),
    ("grant/token_exchange.rs", "the token that is exchanged"),
    ("http/client.rs", "puts them on the wire"),
    ("agent/protocol.rs", "an opening key on its way to the agent"),
    ("agent/reply.rs", "a lease or a secret on its way to a client"),
    ("agent/client/mod.rs", "frames"),
    ("agent/server/connection.rs", "frames"),
    ("handover/own.rs", "the pipe to the child that stretches"),
];

/// The commands that give something secret out, which is what they are for.
const COMMANDS_MAY_EXPOSE: [(&str, &str); 6] = [
    ("cli/warm.rs", "the token itself"),
    ("cli/commands/exec.rs", "a child's environment"),
    ("cli/commands/keeping.rs", "compares the public key that was read back"),
    ("cli/commands/internal.rs", "the child that stretches"),
    ("cli/commands/show.rs", "`--reveal`"),
    ("cli/commands/token.rs", "the token itself"),
];

/// The files that may hold `unsafe`, each with its proof in comments.
const MAY_BE_UNSAFE: [&str; 6] = [
    "alloc/arena.rs",
    "alloc/enclosure.rs",
    "alloc/mapping.rs",
    "alloc/mod.rs",
    "alloc/work_stack.rs",
    "handover/descriptors.rs",
];

/// The one file that may read the environment.
const MAY_READ_ENVIRONMENT: [&str; 1] = ["config/environment.rs"];

/// Words that say nothing, so no module is named after them.
const EMPTY_WORDS: [&str; 9] =
    ["util", "utils", "common", "helpers", "manager", "service", "data", "info", "misc"];

/// Each source file below `src`, by its path, without its tests.
fn sources() -> BTreeMap<String, String> {
    fn collect(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix("src").expect("below src").display().to_string();
                found.insert(name, fs::read_to_string(&path).expect("readable"));
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(Path::new("src"), &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// Code without comments and strings' tails; good enough for words.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn module(file: &str) -> &str {
    file.split('/').next().expect("a name").trim_end_matches(".rs")
}

fn line_of(module: &str) -> Option<usize> {
    LINES.iter().position(|line| line.contains(&module))
}

#[test]
fn modules_use_only_what_stands_above_them() {
    for (file, text) in sources() {
        let own = module(&file);
        if own == "lib" {
            continue;
        }
        let own_line = line_of(own).unwrap_or_else(|| panic!("`{own}` has no place in the order"));
        for used in uses(&code(&text)) {
            let Some(line) = line_of(&used) else { continue };
            assert!(used == own || line < own_line, "{file} uses `{used}`");
        }
    }
}

/// The modules named after `crate::` or, in a nested list, inside its braces.
fn uses(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, _) in code.match_indices("crate::") {
        let rest = &code[index + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for character in list.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push(std::mem::take(&mut word)),
                    other if depth == 0 => word.push(other),
                    _ => {}
                }
            }
            found.push(word);
        } else {
            found.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    let first = |word: String| word.trim().split("::").next().unwrap_or_default().to_owned();
    found.into_iter().map(first).collect()
}

#[test]
fn lib_lists_the_modules_in_that_order() {
    let lib = fs::read_to_string("src/lib.rs").expect("readable");
    let listed: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let expected: Vec<&str> =
        LINES.iter().flat_map(|line| line.iter().copied()).filter(|name| *name != "main").collect();
    assert_eq!(listed, expected);
}

#[test]
fn only_the_listed_files_open_a_secret() {
    let listed: Vec<&str> =
        MAY_EXPOSE.iter().chain(&COMMANDS_MAY_EXPOSE).map(|(file, _)| *file).collect();
    for (file, text) in sources() {
        let opens = code(&text).contains(".expose");
        assert!(!opens || listed.contains(&file.as_str()), "{file} opens a secret");
    }
    for file in listed {
        assert!(Path::new("src").join(file).exists(), "{file} is listed and is not there");
    }
}

#[test]
fn only_the_listed_files_hold_unsafe_or_read_the_environment() {
    for (file, text) in sources() {
        let code = code(&text);
        let is_unsafe = code.contains("unsafe {") || code.contains("unsafe impl");
        assert!(!is_unsafe || MAY_BE_UNSAFE.contains(&file.as_str()), "{file} holds unsafe");
        let reads = code.contains("env::var") || code.contains("args_os");
        assert!(!reads || MAY_READ_ENVIRONMENT.contains(&file.as_str()), "{file} reads it");
    }
}

#[test]
fn only_disk_makes_files_and_only_handover_starts_programs() {
    const MAKING: [&str; 6] = [
        "File::create",
        "fs::write(",
        "create_dir",
        "OpenOptions",
        "OFlags::CREATE",
        "File::options",
    ];
    for (file, text) in sources() {
        let code = code(text.split("#[cfg(test)]").next().unwrap_or_default());
        let makes = MAKING.iter().any(|word| code.contains(word));
        assert!(!makes || module(&file) == "disk", "{file} makes files");
        let starts = code.contains("Command::new(");
        assert!(!starts || module(&file) == "handover", "{file} starts programs");
    }
}

#[test]
fn files_are_short_and_say_what_belongs_in_them() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 450, "{file} has {lines} lines");
        assert!(text.starts_with("//! "), "{file} does not say what belongs in it");
        for word in EMPTY_WORDS {
            let named = file.split('/').any(|part| part.trim_end_matches(".rs") == word);
            assert!(!named, "{file} has a name that says nothing");
        }
    }
}

#[test]
fn nothing_is_allowed_without_a_reason() {
    for (file, text) in sources() {
        let code = code(&text);
        assert!(!code.contains("#[allow"), "{file} uses `allow`; `expect` with a reason it is");
        assert!(!code.contains("todo!("), "{file} is not finished");
        for (index, _) in code.match_indices("#[expect(") {
            let attribute = code[index..].split(")]").next().unwrap_or_default();
            assert!(attribute.contains("reason ="), "{file}: an `expect` without a reason");
        }
    }
}

/// So that a well-meant update does not double what must be trusted.
#[test]
fn the_lock_file_stays_lean() {
    const CEILING: usize = 368;
    let lock = fs::read_to_string("Cargo.lock").expect("readable");
    let packages = lock.matches("\n[[package]]\n").count();
    assert!(packages <= CEILING, "{packages} packages are locked, more than {CEILING}");
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let manifest = fs::read_to_string("Cargo.toml").expect("readable");
    let reasons = fs::read_to_string("docs/rationale.md").expect("readable");
    let mut in_dependencies = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| in_dependencies) {
            assert!(reasons.contains(&format!("`{name}`")), "{name} has no reason");
        }
    }
}
