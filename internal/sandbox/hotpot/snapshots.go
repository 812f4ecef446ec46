package hotpot

import (
	"net/http"
)

type snapshotRow struct {
	rowBase
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	ProfileID   string `json:"profileId,omitempty"`
	Size        int64  `json:"size,omitempty"` // GB; set when the snapshot is made
	Status      string `json:"status,omitempty"`
	VolumeID    string `json:"volumeId,omitempty"`
}

func (h *Server) createSnapshot(c *call) (int, any, error) {
	var snapshot snapshotRow
	if err := c.decode("volume snapshot", &snapshot); err != nil {
		return 0, nil, err
	}
	volume, err := h.volumes.find(c.Caller, snapshot.VolumeID)
	if snapshot.ProfileID == "" {
		if err != nil {
			return 0, nil, refusal(http.StatusBadRequest, "%v", err)
		}
		snapshot.ProfileID = volume.ProfileID
	}
	if _, profileErr := h.profiles.shared(snapshot.ProfileID); profileErr != nil {
		return 0, nil, refusal(http.StatusBadRequest, "get profile failed: %v", profileErr)
	}
	if err != nil {
		return 0, nil, refusal(http.StatusBadRequest, "create volume snapshot failed: %v", err)
	}
	if volume.Status != "available" && volume.Status != "inUse" {
		return 0, nil, refusal(http.StatusBadRequest,
			"create volume snapshot failed: only the status of volume is available or in-use, the snapshot can be created")
	}

	snapshot.rowBase = rowBase{ID: h.ids.UUID(), CreatedAt: h.timestamp(), TenantID: c.Tenant}
	snapshot.Status = "creating"
	snapshot.Size = 0
	answer := snapshot

	snapshot.UpdatedAt = h.timestamp()
	snapshot.Status = "available"
	snapshot.Size = volume.Size
	h.snapshots.put(&snapshot)
	return http.StatusAccepted, answer, nil
}

func (h *Server) listSnapshots(c *call) (int, any, error) {
	return http.StatusOK, h.snapshots.page(c.Caller, c.query, "id", "name", "volumeId", "status", "userId", "tenantId", "size"), nil
}

func (h *Server) getSnapshot(c *call) (int, any, error) {
	snapshot, err := h.namedSnapshot(c)
	return http.StatusOK, snapshot, err
}

func (h *Server) namedSnapshot(c *call) (*snapshotRow, error) {
	snapshot, err := h.snapshots.find(c.Caller, c.id)
	if err != nil {
		return nil, refusal(http.StatusNotFound, "volume snapshot %s not found: %v", c.id, err)
	}
	return snapshot, nil
}

func (h *Server) deleteSnapshot(c *call) (int, any, error) {
	snapshot, err := h.namedSnapshot(c)
	if err != nil {
		return 0, nil, err
	}
	h.snapshots.remove(snapshot.ID)
	return http.StatusAccepted, nil, nil
}
