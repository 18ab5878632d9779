class Authority: pass
