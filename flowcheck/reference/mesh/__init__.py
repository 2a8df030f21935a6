"""What a mesh's proxy before the destination says: who the client proves to be (``identity.py``), for what
the proxy takes the connection (``carried.py``), and what its policies say of that (``side.py``)."""
