use lensmount_sdk::chart::Tile;
use lensmount_sdk::layout::Layout;
use lensmount_sdk::reading;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let body = std::fs::read(&a[1]).unwrap();
    let n: usize = a[2].parse().unwrap();
    let tile = Tile {
        body,
        query: b"{}".to_vec(),
        context: Vec::new(),
    };
    let chosen = [
        ("x", "orders.created_month"),
        ("y", "orders.count"),
        ("at", "latest"),
    ]
    .map(|(a, b)| (a.to_owned(), b.to_owned()));
    let b = std::time::Instant::now();
    let mut last = String::new();
    for _ in 0..n {
        last = reading::read(&tile, &chosen, Layout::Axis).unwrap().value;
    }
    let s = b.elapsed().as_secs_f64() / n as f64;
    println!(
        "{:.2} us {:.0} MB/s {last}",
        s * 1e6,
        tile.body.len() as f64 / s / 1e6
    );
}
