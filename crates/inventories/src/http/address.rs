//! Which addresses are never asked: link-local and metadata services, written out or behind a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A name or URL leads to an address that is never asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("link-local and metadata addresses are never asked")]
pub(crate) struct Forbidden;

/// Metadata services outside the link-local ranges: Alibaba, Oracle, Azure.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];
/// AWS and Google.
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// Loopback and private addresses are allowed, because the operator wrote the URL.
pub(crate) fn allowed(address: IpAddr) -> Result<IpAddr, Forbidden> {
    let forbidden = match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address) || embedded(address).is_some_and(forbidden_v4),
    };
    if forbidden { Err(Forbidden) } else { Ok(address) }
}

fn forbidden_v4(address: Ipv4Addr) -> bool {
    address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.octets()[0] == 0
        || METADATA_V4.contains(&address)
}

fn forbidden_v6(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local()
        || address.is_multicast()
        || address.is_unspecified()
        || METADATA_V6.contains(&address)
}

/// The IPv4 address inside a mapped, compatible, NAT64, 6to4 or ISATAP one.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => of(g, h),
        [0, 0, 0, 0, 0, 0] if (g, h) != (0, 1) => of(g, h),
        [0x2002, high, low, ..] => of(high, low),
        [.., 0x0 | 0x200, 0x5efe] => of(g, h),
        _ => None,
    }
}

/// Resolves names as the system does, and refuses a name of which any address is forbidden.
#[derive(Debug)]
pub(crate) struct GuardedNames {
    names: Arc<Names>,
}

#[derive(Debug)]
enum Names {
    System,
    #[cfg(test)]
    Fixed(Vec<IpAddr>),
}

impl GuardedNames {
    pub(crate) fn system() -> Self {
        Self {
            names: Arc::new(Names::System),
        }
    }

    #[cfg(test)]
    pub(crate) fn fixed(addresses: Vec<IpAddr>) -> Self {
        Self {
            names: Arc::new(Names::Fixed(addresses)),
        }
    }
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.names);
        Box::pin(async move {
            let addresses = names.addresses(name.as_str()).await?;
            for address in &addresses {
                allowed(address.ip())?;
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Names {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.collect()),
            #[cfg(test)]
            Self::Fixed(addresses) => Ok(addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, is_allowed: bool) {
        assert_eq!(allowed(address.parse().unwrap()).is_ok(), is_allowed, "{address}");
    }

    #[test]
    fn link_local_and_metadata_addresses_are_forbidden_in_every_notation() {
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::",
            "ff02::1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "fe80::5efe:169.254.169.254",
        ] {
            check(address, false);
        }
    }

    #[test]
    fn loopback_private_and_public_addresses_are_allowed() {
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "8.8.8.8",
            "::1",
            "fd00::1",
            "2600::1",
        ] {
            check(address, true);
        }
    }
}
