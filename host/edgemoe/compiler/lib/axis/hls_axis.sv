// SPDX-License-Identifier: Apache-2.0
// FIFO ports of a kernel as AXI4-Stream. Every output is a register, or a function of registers of its own side:
// there is no combinational path from one side to the other, in either direction.

// Register slice of two words: one a cycle, and `in_ready` known at the start of the cycle.
module hls_axis_slice #(
    parameter int W = 8
) (
    input  logic         clk,
    input  logic         rst,
    input  logic         in_valid,
    output logic         in_ready,
    input  logic [W-1:0] in_data,
    output logic         out_valid,
    input  logic         out_ready,
    output logic [W-1:0] out_data
);
  logic [W-1:0] spare;  // what came while the output waited
  logic spare_valid;

  assign in_ready = ~spare_valid;

  always_ff @(posedge clk) begin
    if (rst) begin
      out_valid   <= 1'b0;
      spare_valid <= 1'b0;
    end else if (~out_valid | out_ready) begin
      out_valid   <= spare_valid | in_valid;
      spare_valid <= 1'b0;
    end else if (in_valid & in_ready) begin
      spare_valid <= 1'b1;
    end
    if (~out_valid | out_ready) out_data <= spare_valid ? spare : in_data;
    if (in_ready) spare <= in_data;
  end
endmodule

// AXI4-Stream to a kernel's input: an element a beat, in the low bits of TDATA. The kernel knows how many elements
// it reads, so TLAST ends nothing; every beat is an element, so TKEEP is not looked at.
module hls_axis_in #(
    parameter int W = 8,  // bits of an element
    parameter int T = 8   // bits of TDATA: W, filled up to a power of two of bytes
) (
    input  logic           clk,
    input  logic           rst,
    input  logic           tvalid,
    output logic           tready,
    input  logic [  T-1:0] tdata,
    input  logic [T/8-1:0] tkeep,
    input  logic           tlast,
    output logic           empty_n,
    output logic [  W-1:0] dout,
    input  logic           read
);
  hls_axis_slice #(.W(W)) slice (
      .clk(clk), .rst(rst), .in_valid(tvalid), .in_ready(tready), .in_data(tdata[W-1:0]),
      .out_valid(empty_n), .out_ready(read), .out_data(dout)
  );
endmodule

// A kernel's output to AXI4-Stream. What one run writes is one packet: an element is held back until another one
// follows, or until `done` (a pulse after the last write of a run), which makes it the last. A run that writes
// nothing sends nothing.
module hls_axis_out #(
    parameter int W = 8,  // bits of an element
    parameter int T = 8   // bits of TDATA: W, filled up with zeros to a power of two of bytes
) (
    input  logic           clk,
    input  logic           rst,
    input  logic           done,
    input  logic           write,
    input  logic [  W-1:0] din,
    output logic           full_n,
    output logic           tvalid,
    input  logic           tready,
    output logic [  T-1:0] tdata,
    output logic [T/8-1:0] tkeep,
    output logic           tlast
);
  logic [W-1:0] held, element;
  logic held_valid, ended;  // ended: the run is over, what is held is its last element
  logic ready, take, give;

  assign full_n = ready & ~ended;
  assign take = write & full_n;
  assign give = held_valid & ready & (write | ended);

  always_ff @(posedge clk) begin
    if (rst) begin
      held_valid <= 1'b0;
      ended <= 1'b0;
    end else begin
      held_valid <= take | (held_valid & ~give);
      ended <= (ended & ~give) | (done & (take | (held_valid & ~give)));
    end
    if (take) held <= din;
  end

  hls_axis_slice #(.W(W + 1)) slice (
      .clk(clk), .rst(rst), .in_valid(give), .in_ready(ready), .in_data({ended, held}),
      .out_valid(tvalid), .out_ready(tready), .out_data({tlast, element})
  );
  assign tdata = T'(element);
  assign tkeep = '1;
endmodule
