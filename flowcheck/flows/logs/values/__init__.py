"""What logs write in several ways: times, protocols, addresses with ports, types of ICMP."""
