//! Which addresses may be called. Server URLs are typed by people and called by the server, so one
//! that points into the server's own network would lend a stranger its position there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// The addresses that may be called: public ones, and those that an operator allows.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    allowed: Vec<IpNet>,
}

/// An address that may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} is at {ip}, which is not a public address, so it was not called; use a public address, \
     or have the server's operator allow it with LENSMOUNT_ALLOW_PRIVATE_TARGETS"
)]
pub struct Refused {
    /// As the URL names it.
    pub host: String,
    /// What that is.
    pub ip: IpAddr,
}

impl Targets {
    /// Public addresses and `allowed`.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether an address may be called.
    #[must_use]
    pub fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.allowed.iter().any(|net| net.contains(&ip))
            || match ip {
                IpAddr::V4(ip) => is_public(ip),
                IpAddr::V6(ip) => match (embedded(ip), isatap(ip)) {
                    (Some(ip), _) => self.allows(IpAddr::V4(ip)),
                    // Both ends of the tunnel count: where it begins, and where it leads.
                    (None, Some(inner)) => is_public_6(ip) && self.allows(IpAddr::V4(inner)),
                    (None, None) => is_public_6(ip),
                },
            }
    }

    /// Refuses a URL whose host is an address that may not be called, in whatever spelling. Names
    /// pass: what they stand for is judged when they are resolved.
    ///
    /// # Errors
    ///
    /// When the address may not be called.
    pub fn check_literal(&self, url: &Url) -> Result<(), Refused> {
        // A URL has already made plain addresses of `0x7f.1` and the like.
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.allows(ip) {
            return Ok(());
        }
        Err(Refused {
            host: url.host_str().unwrap_or_default().to_owned(),
            ip,
        })
    }
}

fn is_public(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)          // carriers' own networks
            | (169, 254, _)               // link-local, and clouds' metadata
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)             // protocols, documentation
            | (192, 88, 99)               // relays to 6to4
            | (192, 168, _)
            | (198, 18..=19, _)           // benchmarks
            | (198, 51, 100)              // documentation
            | (203, 0, 113)
    );
    // One public address that means "the host beneath this machine" in Azure.
    !special && ip != Ipv4Addr::new(168, 63, 129, 16)
}

/// The IPv4 address that an IPv6 address leads to by translation or by tunnel.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let halves = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match ip.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(halves(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(halves(high, low)), // NAT64
        [0x2002, high, low, ..] => Some(halves(high, low)),               // 6to4
        _ => None,
    }
}

/// The IPv4 address in the interface id of an ISATAP tunnel.
fn isatap(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

fn is_public_6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        [0x2001, 0..=0x1ff, ..] => false, // protocols, tunnels, benchmarks
        [0x2001, 0xdb8, ..] => false,     // documentation
        [0x3fff, 0..=0xfff, ..] => false, // documentation
        [first, ..] => first & 0xe000 == 0x2000, // global unicast and nothing else
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &[&str] = &[
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "193.168.0.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ];

    const PRIVATE: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "5f00::1",
        "4000::1",
        "2606:4700::5efe:7f00:1",
        "fd00:1::5efe:808:808",
        "fe80::5efe:808:808",
    ];

    #[test]
    fn only_public_addresses_are_called() {
        let targets = Targets::default();
        for ip in PUBLIC {
            assert!(targets.allows(ip.parse().unwrap()), "{ip}");
        }
        for ip in PRIVATE {
            assert!(!targets.allows(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_operator_allows_networks_in_whatever_spelling_the_address_comes() {
        let targets = Targets::new(vec![
            "10.1.0.0/16".parse().unwrap(),
            "::1/128".parse().unwrap(),
        ]);
        for ip in [
            "10.1.2.3",
            "::ffff:10.1.2.3",
            "64:ff9b::a01:203",
            "2002:a01:203::",
            "::1",
        ] {
            assert!(targets.allows(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["10.2.0.1", "127.0.0.1", "::ffff:10.2.0.1"] {
            assert!(!targets.allows(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_recognised_in_every_spelling() {
        let targets = Targets::default();
        let spellings = [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:ffff:7f00:1]/",
            "http://①②⑦.0.0.1/",
            "http://127.0.0.1./",
            "https://169.254.169.254/latest/meta-data/",
            "http://%31%32%37.0.0.1/",
        ];
        for text in spellings {
            let refused = targets.check_literal(&Url::parse(text).unwrap());
            assert!(refused.is_err(), "{text}");
        }
        for text in [
            "https://8.8.8.8/",
            "https://looker.example.com/",
            "https://localhost/",
        ] {
            assert_eq!(
                targets.check_literal(&Url::parse(text).unwrap()),
                Ok(()),
                "{text}"
            );
        }
    }
}
