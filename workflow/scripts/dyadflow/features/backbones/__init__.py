"""One file a backbone; `registry` names them."""
