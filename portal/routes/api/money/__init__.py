"""Money by the API: in a cloud's book below `/clouds/{cloud}`, in the platform's `/platform`."""
