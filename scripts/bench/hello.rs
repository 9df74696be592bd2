//! What starting and ending an ordinary Rust program costs.

fn main() {
    println!("hello world");
}
